/* The limit: what building, reading, using and dropping N hosts on one bridge costs without any library.

       limit best|same N each|all

   Inside a sandbox, whose network is empty.  "best" makes a cable with its second end in place, and its first one a port
   and up, by one message; "same" sends what netkit's handles send.  "each" drops one namespace, waits until the other
   end of its cable is gone, and goes on; "all" drops them all, waits once, and takes the bridge away, as nk.reset() does.
   It prints the seconds of each part as JSON.
*/

#include "limit.h"

#include <dirent.h>
#include <linux/if_addrlabel.h>

enum { COMMANDS = 31, READS = 5, READS_OF_ONE = 100 };

/* What the kernel tells of switches by files alone: a folder, then the files in it. */
static const char *const SWITCHES[][6] = {
    {"net/bridge", "bridge-nf-call-iptables", "bridge-nf-call-ip6tables", "bridge-nf-call-arptables"},
    {"net/ipv6/conf/all", "disable_ipv6"},
    {"net/ipv4/conf/all", "arp_ignore", "arp_announce", "arp_filter", "accept_local", "route_localnet"},
    {"net/ipv4", "icmp_echo_ignore_all", "ip_default_ttl", "ip_nonlocal_bind"},
    {"net/ipv6/conf/default", "disable_ipv6"},
};

typedef struct {
    char name[16], port[16], path[40];
    int socket, index;
} Host;

static int home, bridge, mine;
extern char **environ;

static void enter(int there) { checked(setns(there, CLONE_NEWNET), "setns"); }

/* A namespace with a name, as `ip netns add` makes one, and a socket of it. */
static void add_namespace(Host *host) {
    close(checked(open(host->path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0), host->path));
    checked(unshare(CLONE_NEWNET), "unshare");
    checked(mount("/proc/thread-self/ns/net", host->path, NULL, MS_BIND, NULL), "mount");
    host->socket = netlink(NETLINK_ROUTE);
    enter(home);
}

static void build_best(Host *host, unsigned address) {
    int there = checked(open(host->path, O_RDONLY | O_CLOEXEC), host->path);
    add_veth(mine, host->port, "eth0", there, bridge, IFF_UP, NULL);
    close(there);
    int index = index_of(host->socket, "eth0");
    add_address(host->socket, index, address, 16);
    set_up(host->socket, index);
    set_up(host->socket, 1);
}

/* What the handles ask before an act, so that a mistake is told in their own words, is asked here, too. */
static void ask_for(int its, const char *name) {
    Message message;
    begin(&message, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
    put_text(&message, IFLA_IFNAME, name);
    put_number(&message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    ask(its, &message, name);
}

/* A change of a link that the message calls by its name. */
static void set_called(int its, const char *name, unsigned flags, int master) {
    Message message;
    struct ifinfomsg *link = begin(&message, RTM_NEWLINK, 0, sizeof *link);
    link->ifi_flags = link->ifi_change = flags;
    put_text(&message, IFLA_IFNAME, name);
    if (master) put_number(&message, IFLA_MASTER, master);
    request(its, &message, name);
}

static void build_same(Host *host, unsigned address) {
    int there = checked(open(host->path, O_RDONLY | O_CLOEXEC), host->path);
    add_veth(mine, host->port, "eth0", there, 0, 0, NULL);
    close(there);
    struct netconfmsg switches = {.ncm_family = AF_INET};
    dump(host->socket, RTM_GETNETCONF, &switches, sizeof switches);
    ask_for(mine, host->port);
    set_called(mine, host->port, 0, index_of(mine, "sw0"));
    struct ifaddrmsg every = {.ifa_family = AF_INET};
    dump(host->socket, RTM_GETADDR, &every, sizeof every);
    add_address(host->socket, index_of(host->socket, "eth0"), address, 16);
    set_called(mine, host->port, IFF_UP, 0);
    set_called(host->socket, "eth0", IFF_UP, 0);
    ask_for(host->socket, "lo");
    set_called(host->socket, "lo", IFF_UP, 0);
}

static double build(Host *hosts, int count, int same) {
    double begun = now();
    mkdir("/run/netns", 0755);
    bridge = add_bridge(mine, "sw0");
    for (int number = 0; number < count; number++) {
        Host *host = &hosts[number];
        unsigned address = 10u << 24 | (number / 250) << 8 | (number % 250 + 1);
        add_namespace(host);
        if (same) build_same(host, address);
        else build_best(host, address);
    }
    set_up(mine, bridge);
    double seconds = now() - begun;
    for (int number = 0; number < count; number++) {
        close(hosts[number].socket);
        hosts[number].index = index_of(mine, hosts[number].port);
    }
    return seconds;
}

static void read_file(int folder, const char *name) {
    char text[256];
    int file = openat(folder, name, O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    if (read(file, text, sizeof text) < 0) perror(name);
    close(file);
}

static void read_switches(int its) {
    static const int ASKED[][2] = {
        {AF_INET, NETCONFA_IFINDEX_ALL}, {AF_INET, NETCONFA_IFINDEX_DEFAULT}, {AF_INET6, NETCONFA_IFINDEX_ALL}};
    for (size_t one = 0; one < sizeof ASKED / sizeof *ASKED; one++) {
        Message message;
        struct netconfmsg *whose = begin(&message, RTM_GETNETCONF, 0, sizeof *whose);
        whose->ncm_family = ASKED[one][0];
        put_number(&message, NETCONFA_IFINDEX, ASKED[one][1]);
        ask(its, &message, "switches");
    }
    for (size_t one = 0; one < sizeof SWITCHES / sizeof *SWITCHES; one++) {
        char path[80];
        snprintf(path, sizeof path, "/proc/sys/%s", SWITCHES[one][0]);
        int folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (folder < 0) continue;
        for (int file = 1; file < 6 && SWITCHES[one][file]; file++) read_file(folder, SWITCHES[one][file]);
        close(folder);
    }
}

/* Policies and states of IPsec; without IPsec each question would make the kernel look for a module. */
static void read_ipsec(void) {
    static int missing;
    char anybody[64] = {0};
    int its = missing ? -1 : socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_XFRM);
    missing = its < 0;
    if (missing) return;
    dump(its, 0x15 /* XFRM_MSG_GETPOLICY */, anybody, 0);
    dump(its, 0x12 /* XFRM_MSG_GETSA */, anybody, sizeof anybody);
    close(its);
}

/* The dumps, rule sets and switches of the namespace that this process is in, as netkit's snapshot reads them. */
static void read_here(int bridges) {
    struct ifaddrmsg address = {0};
    struct rtmsg route = {0};
    struct ndmsg neighbour = {0}, proxies = {.ndm_flags = NTF_PROXY}, forwarding = {.ndm_family = AF_BRIDGE};
    struct fib_rule_hdr rule = {0};
    struct nhmsg hop = {0};
    struct tcmsg queue = {0};
    struct nfgenmsg every = {0};
    struct { struct ifinfomsg head; struct rtattr kind; unsigned mask; } links = {
        {0}, {RTA_LENGTH(4), IFLA_EXT_MASK}, RTEXT_FILTER_SKIP_STATS};
    int its = netlink(NETLINK_ROUTE);
    dump(its, RTM_GETLINK, &links, sizeof links);
    dump(its, RTM_GETADDR, &address, sizeof address);
    dump(its, RTM_GETROUTE, &route, sizeof route);
    dump(its, RTM_GETNEIGH, &neighbour, sizeof neighbour);
    dump(its, RTM_GETNEIGH, &proxies, sizeof proxies);
    if (bridges) dump(its, RTM_GETNEIGH, &forwarding, sizeof forwarding);
    dump(its, RTM_GETRULE, &rule, sizeof rule);
    dump(its, RTM_GETNEXTHOP, &hop, sizeof hop);
    dump(its, RTM_GETQDISC, &queue, sizeof queue);
    read_switches(its);
    struct ifaddrlblmsg label = {.ifal_family = AF_INET6};
    struct br_port_msg groups = {.family = AF_BRIDGE};
    dump(its, RTM_GETADDRLABEL, &label, sizeof label);
    if (bridges) dump(its, RTM_GETMDB, &groups, sizeof groups);
    close(its);
    read_ipsec();
    its = netlink(NETLINK_NETFILTER);
    dump(its, NFNL_SUBSYS_NFTABLES << 8 | 1 /* NFT_MSG_GETTABLE */, &every, sizeof every);
    read_file(AT_FDCWD, "/proc/thread-self/net/ip_tables_names");
    read_file(AT_FDCWD, "/proc/thread-self/net/ip6_tables_names");
    Message message;
    begin(&message, NFNL_SUBSYS_CTNETLINK << 8 | 5 /* IPCTNL_MSG_CT_GET_STATS */, 0, sizeof every);
    exchange(its, &message, 1);
    close(its);
}

/* Who lives where (proc(5)), and which names there are. */
static void find(void) {
    char path[300], text[1024];
    struct stat status;
    struct dirent *entry;
    DIR *directory = opendir("/proc");
    while ((entry = readdir(directory)))
        if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9') {
            snprintf(path, sizeof path, "/proc/%s/ns/net", entry->d_name);
            if (stat(path, &status)) continue;
            snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
            int file = open(path, O_RDONLY | O_CLOEXEC);
            if (file >= 0 && read(file, text, sizeof text) < 0) perror(path);
            close(file);
        }
    closedir(directory);
    directory = opendir("/run/netns");
    while ((entry = readdir(directory))) {
        snprintf(path, sizeof path, "/run/netns/%s", entry->d_name);
        stat(path, &status);
    }
    closedir(directory);
}

static double look(Host *hosts, int count) {
    double times[READS + READS_OF_ONE];
    int reads = READS + READS_OF_ONE / count;
    for (int round = 0; round < reads; round++) {
        double begun = now();
        find();
        read_here(1);
        for (int number = 0; number < count; number++) {
            int there = checked(open(hosts[number].path, O_RDONLY | O_CLOEXEC), hosts[number].path);
            enter(there);
            read_here(0);
            enter(home);
            close(there);
        }
        times[round] = now() - begun;
    }
    return median(times, reads);
}

static double run(Host *host) {
    double times[COMMANDS];
    for (int round = 0; round < COMMANDS; round++) {
        double begun = now();
        pid_t pid;
        char *const command[] = {"true", NULL};
        int there = checked(open(host->path, O_RDONLY | O_CLOEXEC), host->path);
        enter(there);
        errno = posix_spawnp(&pid, "true", NULL, NULL, command, environ);
        if (errno) fail("posix_spawn");
        enter(home);
        close(there);
        checked(waitpid(pid, NULL, 0), "waitpid");
        times[round] = now() - begun;
    }
    return median(times, COMMANDS);
}

static double drop(Host *hosts, int count, int each) {
    int ear = hearing();
    double begun = now();
    for (int number = 0; number < count; number++) {
        checked(umount2(hosts[number].path, MNT_DETACH), "umount");
        checked(unlink(hosts[number].path), "unlink");
        if (each) await_gone(ear, hosts[number].index, hosts[number].index, 1);
    }
    if (!each) {
        await_gone(ear, hosts[0].index, hosts[count - 1].index, count);
        delete_link(mine, bridge);
    }
    double seconds = now() - begun;
    close(ear);
    return seconds;
}

/* One host, from its beginning to its end; that waits until the kernel has ended what was there before. */
static void warm(Host *host, int same) {
    build(host, 1, same);
    look(host, 1);
    run(host);
    drop(host, 1, 0);
}

int main(int count_of_words, char **words) {
    int count = count_of_words == 4 ? atoi(words[2]) : 0;
    if (count < 1) return fputs("limit best|same N each|all\n", stderr), 2;
    Host *hosts = calloc(count, sizeof *hosts);
    for (int number = 0; number < count; number++) {
        snprintf(hosts[number].name, sizeof hosts->name, "h%d", number);
        snprintf(hosts[number].port, sizeof hosts->port, "v%d", number);
        snprintf(hosts[number].path, sizeof hosts->path, "/run/netns/h%d", number);
    }
    home = checked(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), "namespace");
    mine = netlink(NETLINK_ROUTE);
    int same = !strcmp(words[1], "same");
    warm(hosts, same);
    double built = build(hosts, count, same);
    double looked = look(hosts, count), ran = run(hosts);
    double dropped = drop(hosts, count, !strcmp(words[3], "each"));
    printf("{\"build\": %.6f, \"snapshot\": %.6f, \"run\": %.6f, \"drop\": %.6f}\n", built, looked, ran, dropped);
}
