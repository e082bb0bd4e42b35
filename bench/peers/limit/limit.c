/* The limit: what one delivery costs when nothing is done but send().
 *
 *   limit PORT
 *
 * GET opens an event stream that is kept. POST sends its body as one SSE event, one HTTP chunk, one send(), to every
 * stream. No resume, no rights, no slow readers: a stream that cannot take an event at once is dropped.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 65536, ROOM = 65536 };

static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
static const char done[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

static int streams[MOST];
static int count;
static char text[ROOM + 64], event[ROOM + 256], packet[ROOM + 512];

static void publish(const char *body) {
    static unsigned long number;
    int size = snprintf(event, sizeof event, "event: bench\nid: 1:%lu\ndata: %s\n\n", ++number, body);
    int length = snprintf(packet, sizeof packet, "%x\r\n%s\r\n", (unsigned)size, event);
    for (int i = 0; i < count; i++)
        if (send(streams[i], packet, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL) != length) {
            close(streams[i]);
            streams[i--] = streams[--count];
        }
}

/* A request comes in one read here: client and server are on one machine and requests are short. */
static void answer(int peer) {
    ssize_t size = recv(peer, text, ROOM, 0);
    if (size <= 0) {
        for (int i = 0; i < count; i++)
            if (streams[i] == peer) {
                streams[i] = streams[--count];
                break;
            }
        close(peer);
        return;
    }
    text[size] = 0;
    if (!strncmp(text, "GET ", 4) && count < MOST) {
        send(peer, head, sizeof head - 1, MSG_NOSIGNAL);
        streams[count++] = peer;
    } else if (!strncmp(text, "POST ", 5)) {
        const char *body = strstr(text, "\r\n\r\n");
        publish(body ? body + 4 : "");
        send(peer, done, sizeof done - 1, MSG_NOSIGNAL);
    } else {
        close(peer);
    }
}

int main(int argc, char **argv) {
    int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0), poll = epoll_create1(0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argc > 1 ? argv[1] : "0"))};
    struct epoll_event ready[256], wanted = {.events = EPOLLIN, .data.fd = listener};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) {
        perror("limit");
        return 1;
    }
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &wanted);
    for (;;) {
        int found = epoll_wait(poll, ready, 256, -1);
        for (int i = 0; i < found; i++) {
            int peer = ready[i].data.fd;
            if (peer != listener) {
                answer(peer);
                continue;
            }
            peer = accept(listener, 0, 0);
            if (peer < 0)
                continue;
            setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            wanted.data.fd = peer;
            epoll_ctl(poll, EPOLL_CTL_ADD, peer, &wanted);
        }
    }
}
