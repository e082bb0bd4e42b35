"""The demo city on paper: twelve invented restaurants, and names for people. Prices are in cents, tax included."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Dish:
    """Something on a menu. `choices`: option groups by name, each option with what it adds in cents."""

    name: str
    price_minor: int
    description: str = ""
    # exactly one of these is chosen
    choice: dict[str, dict[str, int]] = field(default_factory=dict)
    # any of these may be added
    extras: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """A restaurant before it is opened."""

    name: str
    description: str
    menu: dict[str, tuple[Dish, ...]]


_HEAT = {"Heat": {"mild": 0, "medium": 0, "hot": 0}}
_SIZE = {"Size": {"normal": 0, "large": 250}}
_RICE = {"Side": {"rice": 0, "noodles": 100, "salad": 50}}
_DRINKS = (
    Dish("Lingonberry soda", 390),
    Dish("Sparkling water", 290),
    Dish("Home-brewed kalja", 350, "Small beer without much of the beer"),
)

PLACES = (
    Place(
        "Ahven & Tilli",
        "Lake fish, dill, and butter on everything",
        {
            "Fish": (
                Dish("Salmon soup", 1390, "With rye bread", _SIZE),
                Dish("Fried vendace", 1290, "A basket of them, with garlic mayonnaise"),
                Dish("Perch on mash", 1890),
            ),
            "Drinks": _DRINKS,
        },
    ),
    Place(
        "Tuk-Tuk Töölö",
        "Thai from a very small kitchen",
        {
            "Curries": (
                Dish("Green curry", 1450, "Aubergine, basil", _HEAT | _RICE, {"tofu": 150, "prawns": 300}),
                Dish("Massaman", 1550, "Potato, peanut", _HEAT | _RICE),
            ),
            "From the wok": (
                Dish("Pad thai", 1390, "", _HEAT, {"prawns": 300}),
                Dish("Basil chicken", 1420, "", _HEAT),
            ),
        },
    ),
    Place(
        "Napoli Nord",
        "Sourdough pizza, 90 seconds in the oven",
        {
            "Pizza": (
                Dish("Margherita", 1190, "Tomato, fior di latte", {}, {"burrata": 350, "anchovies": 200}),
                Dish("Pizza with reindeer", 1590, "Blue cheese, lingonberry"),
                Dish("Marinara", 990, "No cheese at all, on purpose"),
            ),
            "Dolci": (Dish("Tiramisù", 690), Dish("Cloudberry panna cotta", 720)),
        },
    ),
    Place(
        "Masala Raide",
        "North Indian, by the tram",
        {
            "Mains": (
                Dish("Butter chicken", 1490, "With rice", _HEAT, {"naan": 250}),
                Dish("Palak paneer", 1390, "With rice", _HEAT, {"naan": 250}),
                Dish("Dal makhani", 1250, "With rice", _HEAT, {"naan": 250}),
            ),
            "Drinks": (Dish("Mango lassi", 450), *_DRINKS[1:2]),
        },
    ),
    Place(
        "Burgerpaja",
        "Burgers from one workshop, fries from another",
        {
            "Burgers": (
                Dish("Workshop burger", 1290, "Cheddar, pickles", _SIZE, {"bacon": 200, "second patty": 350}),
                Dish("Portobello burger", 1250, "", _SIZE, {"halloumi": 250}),
            ),
            "Sides": (Dish("Fries", 450, "", {}, {"truffle mayonnaise": 120}), Dish("Coleslaw", 350)),
        },
    ),
    Place(
        "Kahvila Kuura",
        "Breakfast, whatever the hour",
        {
            "All day": (
                Dish("Karelian pasties", 690, "Three, with egg butter"),
                Dish("Porridge", 590, "", {"Porridge": {"oat": 0, "rye": 0, "barley": 50}}),
                Dish("Cinnamon bun", 420),
            ),
            "Coffee": (Dish("Filter coffee", 320), Dish("Oat latte", 480)),
        },
    ),
    Place(
        "Sushi Saaristo",
        "Archipelago fish, Tokyo knives",
        {
            "Sets": (Dish("Nine pieces", 1490), Dish("Fifteen pieces", 2290), Dish("Vegetarian nine", 1290)),
            "Extras": (Dish("Miso soup", 390), Dish("Edamame", 450)),
        },
    ),
    Place(
        "Dumpling Depot",
        "Folded since the morning",
        {
            "Dumplings": (
                Dish("Pork and chive", 1150, "Ten", {"Cooked": {"boiled": 0, "fried": 80}}),
                Dish("Mushroom and tofu", 1090, "Ten", {"Cooked": {"boiled": 0, "fried": 80}}),
            ),
            "Cold": (Dish("Smashed cucumber", 550), Dish("Wood ear salad", 650)),
        },
    ),
    Place(
        "Falafel Fabian",
        "Chickpeas and nothing to hide",
        {
            "Pita and plates": (
                Dish("Falafel in pita", 890, "", _HEAT, {"aubergine": 120, "egg": 100}),
                Dish("Falafel plate", 1290, "Hummus, salad, pita", _HEAT),
                Dish("Shakshuka", 1190, "", {}, {"feta": 150}),
            ),
            "Drinks": _DRINKS[:2],
        },
    ),
    Place(
        "Ramen Ratikka",
        "Broth that took longer than your tram",
        {
            "Ramen": (
                Dish("Shoyu", 1390, "", _SIZE, {"egg": 200, "chashu": 300}),
                Dish("Tantanmen", 1450, "Sesame, pork", _HEAT | _SIZE, {"egg": 200}),
                Dish("Vegan miso", 1350, "", _SIZE, {"corn": 100}),
            ),
            "Small": (Dish("Gyoza", 690), Dish("Kimchi", 390)),
        },
    ),
    Place(
        "Siltasaari Grilli",
        "Open when nothing else is",
        {
            "Grill": (
                Dish("Makkaraperunat", 950, "Sausage and fries, the classic", {}, {"egg": 100, "extra sausage": 200}),
                Dish("Meat pie with everything", 850),
                Dish("Halloumi roll", 990),
            ),
            "Drinks": _DRINKS,
        },
    ),
    Place(
        "Vihreä Pöytä",
        "Plants, cooked seriously",
        {
            "Bowls": (
                Dish("Root and barley bowl", 1320, "", {}, {"smoked tofu": 180}),
                Dish("Beetroot bowl", 1290, "Horseradish, dill", {}, {"smoked tofu": 180}),
            ),
            "Soups": (Dish("Split pea soup", 990, "Thursdays, and every other day", _SIZE), Dish("Nettle soup", 1090)),
        },
    ),
)

# fmt: off
FIRST_NAMES = (
    "Aino", "Eero", "Helmi", "Onni", "Aada", "Leo", "Venla", "Väinö", "Saga", "Oskari",
    "Lumi", "Elias", "Siiri", "Toivo", "Ilta", "Niilo", "Kerttu", "Otso", "Alma", "Urho",
    "Hilda", "Veikko", "Martta", "Arvo", "Sanelma", "Tapio", "Inari", "Kalevi", "Pihla", "Ilmari",
)
LAST_NAMES = (
    "Korpela", "Salmi", "Rantanen", "Kivi", "Laine", "Niemi", "Hakala", "Aalto", "Saari", "Virta",
    "Lehto", "Koski", "Manner", "Ranta",
)
# fmt: on
