from tiffin.base.geo import Point, distance_meters
from tiffin.demo.courier import Ride

# about 111 m north, then about 55 m east
_RIDE = Ride((Point(60.0, 25.0), Point(60.001, 25.0), Point(60.001, 25.001)))


def test_a_ride_is_as_long_as_its_legs() -> None:
    assert 165 < _RIDE.meters < 168


def test_every_point_of_a_ride_is_on_its_legs() -> None:
    before = _RIDE.after(0)
    assert before == _RIDE.points[0]
    for meters in range(1, int(_RIDE.meters)):
        point = _RIDE.after(meters)
        assert 0.98 < distance_meters(before, point) + (0.5 if meters in (111, 112) else 0) < 1.6
        assert point.longitude == 25.0 or point.latitude == 60.001
        before = point
    assert _RIDE.after(1000) == _RIDE.points[-1]
