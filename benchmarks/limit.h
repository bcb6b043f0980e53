/* What the limits have in common: netlink messages made by hand (rtnetlink(7)), a clock, and giving up. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/netconf.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 1 << 16 };

typedef struct {
    struct nlmsghdr head;
    char body[1000];
} Message;

static inline void fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static inline int checked(int result, const char *what) {
    if (result < 0) fail(what);
    return result;
}

static inline double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static inline int compare(const void *one, const void *other) {
    double difference = *(const double *)one - *(const double *)other;
    return (difference > 0) - (difference < 0);
}

static inline double median(double *times, int count) {
    qsort(times, count, sizeof *times, compare);
    return times[count / 2];
}

/* A message with its family's own header, which is cleared. */
static inline void *begin(Message *message, int type, int flags, size_t size) {
    memset(message, 0, sizeof *message);
    message->head.nlmsg_len = NLMSG_LENGTH(size);
    message->head.nlmsg_type = type;
    message->head.nlmsg_flags = NLM_F_REQUEST | flags;
    return message->body;
}

static inline struct rtattr *put(Message *message, int kind, const void *data, size_t size) {
    struct rtattr *attribute = (void *)((char *)message + NLMSG_ALIGN(message->head.nlmsg_len));
    attribute->rta_type = kind;
    attribute->rta_len = RTA_LENGTH(size);
    if (data) memcpy(RTA_DATA(attribute), data, size);
    message->head.nlmsg_len = NLMSG_ALIGN(message->head.nlmsg_len) + RTA_ALIGN(attribute->rta_len);
    return attribute;
}

static inline void put_text(Message *message, int kind, const char *text) { put(message, kind, text, strlen(text) + 1); }

static inline void put_number(Message *message, int kind, int value) { put(message, kind, &value, sizeof value); }

/* An attribute that holds what is put until `close_nest`. */
static inline struct rtattr *nest(Message *message, int kind) { return put(message, kind, NULL, 0); }

static inline void close_nest(Message *message, struct rtattr *nested) {
    nested->rta_len = (char *)message + message->head.nlmsg_len - (char *)nested;
}

static inline int netlink(int family) {
    int yes = 1, its = checked(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, family), "socket");
    setsockopt(its, SOL_NETLINK, NETLINK_EXT_ACK, &yes, sizeof yes);
    setsockopt(its, SOL_NETLINK, NETLINK_CAP_ACK, &yes, sizeof yes);
    setsockopt(its, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &yes, sizeof yes);
    return its;
}

/* Send a message and read its answers, all or the first alone; returns the error that the last one bears, 0 for none. */
static inline int exchange(int its, Message *message, int first) {
    static char answer[BUFFER];
    checked(send(its, message, message->head.nlmsg_len, 0), "send");
    for (;;) {
        int size = checked(recv(its, answer, sizeof answer, 0), "recv");
        for (struct nlmsghdr *one = (void *)answer; NLMSG_OK(one, (unsigned)size); one = NLMSG_NEXT(one, size)) {
            if (one->nlmsg_type == NLMSG_DONE) return 0;
            if (one->nlmsg_type == NLMSG_ERROR) return ((struct nlmsgerr *)NLMSG_DATA(one))->error;
            if (first) return 0;
        }
    }
}

static inline void request(int its, Message *message, const char *what) {
    message->head.nlmsg_flags |= NLM_F_ACK;
    errno = -exchange(its, message, 0);
    if (errno) fail(what);
}

/* Ask for one thing. */
static inline void ask(int its, Message *message, const char *what) {
    errno = -exchange(its, message, 1);
    if (errno) fail(what);
}

static inline void dump(int its, int type, const void *header, size_t size) {
    Message message;
    memcpy(begin(&message, type, NLM_F_DUMP, size), header, size);
    exchange(its, &message, 0);
}

/* The number of an interface of the socket's namespace (netdevice(7)). */
static inline int index_of(int its, const char *name) {
    struct ifreq asked = {0};
    strncpy(asked.ifr_name, name, IFNAMSIZ - 1);
    checked(ioctl(its, SIOCGIFINDEX, &asked), name);
    return asked.ifr_ifindex;
}

static inline void set_link(int its, int index, unsigned flags, int master) {
    Message message;
    struct ifinfomsg *link = begin(&message, RTM_NEWLINK, 0, sizeof *link);
    link->ifi_index = index;
    link->ifi_flags = link->ifi_change = flags;
    if (master) put_number(&message, IFLA_MASTER, master);
    request(its, &message, "link set");
}

static inline void set_up(int its, int index) { set_link(its, index, IFF_UP, 0); }

static inline int add_bridge(int its, const char *name) {
    Message message;
    begin(&message, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));
    put_text(&message, IFLA_IFNAME, name);
    struct rtattr *info = nest(&message, IFLA_LINKINFO);
    put_text(&message, IFLA_INFO_KIND, "bridge");
    close_nest(&message, info);
    request(its, &message, "bridge");
    return index_of(its, name);
}

static inline void delete_link(int its, int index) {
    Message message;
    struct ifinfomsg *link = begin(&message, RTM_DELLINK, 0, sizeof *link);
    link->ifi_index = index;
    message.head.nlmsg_flags |= NLM_F_ACK;
    errno = -exchange(its, &message, 0);
    if (errno && errno != ENODEV) fail("link delete"); /* gone already, with its other end: that is the aim */
}

static inline void add_address(int its, int index, unsigned address, int length) {
    Message message;
    struct ifaddrmsg *head = begin(&message, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof *head);
    head->ifa_family = AF_INET;
    head->ifa_prefixlen = length;
    head->ifa_index = index;
    unsigned wire = __builtin_bswap32(address);
    put(&message, IFA_LOCAL, &wire, 4);
    put(&message, IFA_ADDRESS, &wire, 4);
    request(its, &message, "address");
}

/* A cable: the first end here, at once a port and up if told so, the second one born in another namespace. */
static inline void add_veth(int its, const char *name, const char *peer, int there, int master, unsigned up,
                            const unsigned char *mac) {
    Message message;
    struct ifinfomsg *link = begin(&message, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof *link);
    link->ifi_flags = link->ifi_change = up;
    put_text(&message, IFLA_IFNAME, name);
    if (master) put_number(&message, IFLA_MASTER, master);
    struct rtattr *info = nest(&message, IFLA_LINKINFO);
    put_text(&message, IFLA_INFO_KIND, "veth");
    struct rtattr *data = nest(&message, IFLA_INFO_DATA);
    struct ifinfomsg other = {0}; /* veth(4) cannot be opened before it has its peer */
    struct rtattr *second = put(&message, VETH_INFO_PEER, &other, sizeof other);
    put_text(&message, IFLA_IFNAME, peer);
    put_number(&message, IFLA_NET_NS_FD, there);
    if (mac) put(&message, IFLA_ADDRESS, mac, 6);
    close_nest(&message, second);
    close_nest(&message, data);
    close_nest(&message, info);
    request(its, &message, "veth");
}

/* Hears of links that go in this namespace. */
static inline int hearing(void) {
    int its = netlink(NETLINK_ROUTE);
    struct sockaddr_nl where = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
    checked(bind(its, (void *)&where, sizeof where), "bind");
    return its;
}

static inline int is_there(int its, int index) {
    struct ifreq asked = {.ifr_ifindex = index};
    return ioctl(its, SIOCGIFNAME, &asked) == 0;
}

/* Wait until so many of the links from `first` to `last` have gone; notices of other links, and of ports, do not count.
   Where more was told than the socket could keep, they are looked for. */
static inline void await_gone(int ear, int first, int last, int count) {
    static char notice[BUFFER];
    while (count > 0) {
        int size = recv(ear, notice, sizeof notice, 0);
        if (size < 0 && errno != ENOBUFS) fail("recv");
        if (size < 0) {
            for (int index = first; index <= last; index++)
                while (is_there(ear, index)) usleep(200);
            return;
        }
        for (struct nlmsghdr *one = (void *)notice; NLMSG_OK(one, (unsigned)size); one = NLMSG_NEXT(one, size)) {
            struct ifinfomsg *link = NLMSG_DATA(one);
            count -= one->nlmsg_type == RTM_DELLINK && link->ifi_family == AF_UNSPEC && link->ifi_index >= first &&
                     link->ifi_index <= last;
        }
    }
}
