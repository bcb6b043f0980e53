/* The floor of a container: it starts, its published port answers, it is removed, without any library.

       limit_container ROUNDS

   Inside a sandbox, whose network is empty.  The bridge and the chains are there before the first round, as dockerd has
   made them.  A round makes the namespaces, files, links and rules that netkit's docker makes; the rules by one
   iptables-restore each way.  It prints the seconds of each round as JSON.
*/

#include "limit.h"

#include <arpa/inet.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { BRIDGE_ADDRESS = 172u << 24 | 17 << 16 | 1, ADDRESS = 172u << 24 | 17 << 16 | 2, PORT = 8080 };

static const char PREPARED[] =
    "set -e; sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.docker0.route_localnet=1\n"
    "iptables-restore --noflush <<END\n"
    "*nat\n:DOCKER -\n-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n"
    "-A OUTPUT -m addrtype --dst-type LOCAL -j DOCKER\n"
    "-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE\n"
    "-A POSTROUTING -o docker0 -m addrtype --src-type LOCAL -j MASQUERADE\nCOMMIT\n"
    "*filter\n:DOCKER -\n:DOCKER-USER -\n:FORWARD DROP\n-A FORWARD -j DOCKER-USER\n-A FORWARD -o docker0 -j DOCKER\nCOMMIT\nEND";
static const char RULES[] =
    "*nat\n-%c DOCKER -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80\n"
    "-%c POSTROUTING -s 172.17.0.2/32 -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE\nCOMMIT\n"
    "*filter\n-%c DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT\nCOMMIT\n";
static const unsigned char MAC[] = {0x02, 0x42, 0xac, 0x11, 0, 2};
static const char *const SEEN[] = {"/etc/hosts", "/etc/resolv.conf"};

static int home, mine, bridge;
extern char **environ;

static void change_rules(char how) {
    char text[1000], *const command[] = {"iptables-restore", "--noflush", NULL};
    int pipes[2], size = snprintf(text, sizeof text, RULES, how, how, how), status;
    pid_t pid;
    posix_spawn_file_actions_t actions;
    checked(pipe2(pipes, O_CLOEXEC), "pipe");
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipes[0], 0);
    errno = posix_spawnp(&pid, *command, &actions, NULL, command, environ);
    if (errno) fail(*command);
    close(pipes[0]);
    if (write(pipes[1], text, size) != size) fail("write");
    close(pipes[1]);
    waitpid(pid, &status, 0);
    if (status) fail("iptables-restore failed");
}

/* The first process: what it sees of files, its name, fewer capabilities; it waits for the word to go. */
static void contain(int word, const char *directory) {
    char path[100], go;
    checked(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL), "mount");
    checked(sethostname("0123456789ab", 12), "hostname");
    for (int one = 0; one < 2; one++) {
        snprintf(path, sizeof path, "%s%s", directory, strrchr(SEEN[one], '/'));
        if (mount(path, SEEN[one], NULL, MS_BIND, NULL)) perror(SEEN[one]);
    }
    mount("proc", "/proc", "proc", 0, NULL); /* where the sandbox's own is partly read-only the kernel refuses */
    for (int one = 0; one <= CAP_LAST_CAP; one++)
        if (one == CAP_NET_ADMIN || one == CAP_SYS_ADMIN || one > CAP_AUDIT_WRITE) prctl(PR_CAPBSET_DROP, one);
    setsid();
    if (read(word, &go, 1) != 1) exit(1);
    execlp("busybox", "busybox", "httpd", "-f", "-p", "80", NULL);
    fail("busybox");
}

static void set_hairpin(int index) {
    Message message;
    struct ifinfomsg *link = begin(&message, RTM_NEWLINK, 0, sizeof *link);
    link->ifi_index = index;
    struct rtattr *info = nest(&message, IFLA_LINKINFO);
    put_text(&message, IFLA_INFO_SLAVE_KIND, "bridge");
    struct rtattr *data = nest(&message, IFLA_INFO_SLAVE_DATA);
    put(&message, IFLA_BRPORT_MODE, "\1", 1);
    close_nest(&message, data);
    close_nest(&message, info);
    request(mine, &message, "hairpin");
}

/* Lay the cable and give its inner end address and route; the number of the outer one. */
static int plug(pid_t pid) {
    char path[40];
    snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
    int there = checked(open(path, O_RDONLY | O_CLOEXEC), path);
    add_veth(mine, "veth0123456", "eth0", there, bridge, IFF_UP, MAC);
    int outer = index_of(mine, "veth0123456");
    set_hairpin(outer);
    checked(setns(there, CLONE_NEWNET), "setns");
    int its = netlink(NETLINK_ROUTE), eth0 = index_of(its, "eth0");
    int ipv6 = open("/proc/sys/net/ipv6/conf/all/disable_ipv6", O_WRONLY | O_CLOEXEC);
    if (write(ipv6, "1", 1) != 1) perror("disable_ipv6");
    close(ipv6);
    checked(setns(home, CLONE_NEWNET), "setns");
    close(there);
    set_up(its, 1);
    add_address(its, eth0, ADDRESS, 16);
    set_up(its, eth0);
    Message message;
    struct rtmsg *route = begin(&message, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, sizeof *route);
    *route = (struct rtmsg){.rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_BOOT, .rtm_type = RTN_UNICAST};
    unsigned gateway = htonl(BRIDGE_ADDRESS);
    put(&message, RTA_GATEWAY, &gateway, 4);
    request(its, &message, "route");
    close(its);
    return outer;
}

static void first_answer(void) {
    struct sockaddr_in whom = {.sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    static const char asked[] = "GET / HTTP/1.0\r\n\r\n";
    char answer[256];
    double deadline = now() + 20;
    for (;;) {
        int its = checked(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
        if (!connect(its, (void *)&whom, sizeof whom) && send(its, asked, sizeof asked - 1, MSG_NOSIGNAL) > 0 &&
            recv(its, answer, sizeof answer, 0) > 0) {
            close(its);
            return;
        }
        close(its);
        if (now() > deadline) fail("no answer");
        usleep(200);
    }
}

static double round_of(const char *directory) {
    double begun = now();
    int words[2], reserved = checked(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"), yes = 1;
    struct sockaddr_in port = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    setsockopt(reserved, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    checked(bind(reserved, (void *)&port, sizeof port), "bind");
    checked(listen(reserved, 1), "listen");
    checked(pipe2(words, O_CLOEXEC), "pipe");
    int kinds = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | SIGCHLD;
    pid_t pid = checked(syscall(SYS_clone, kinds, NULL, NULL, NULL, NULL), "clone");
    if (!pid) contain(words[0], directory);
    int outer = plug(pid);
    change_rules('A');
    if (write(words[1], "g", 1) != 1) fail("write");
    first_answer();
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    delete_link(mine, outer);
    change_rules('D');
    close(words[0]);
    close(words[1]);
    close(reserved);
    return now() - begun;
}

int main(int count_of_words, char **words) {
    int rounds = count_of_words == 2 ? atoi(words[1]) : 0;
    char directory[] = "/tmp/limit-XXXXXX", path[100];
    if (rounds < 1) return fputs("limit_container ROUNDS\n", stderr), 2;
    if (!mkdtemp(directory)) fail(directory);
    for (int one = 0; one < 2; one++) {
        snprintf(path, sizeof path, "%s%s", directory, strrchr(SEEN[one], '/'));
        close(checked(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644), path));
    }
    home = checked(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), "namespace");
    mine = netlink(NETLINK_ROUTE);
    bridge = add_bridge(mine, "docker0");
    add_address(mine, bridge, BRIDGE_ADDRESS, 16);
    set_up(mine, bridge);
    if (system(PREPARED)) fail("the chains cannot be made");
    round_of(directory); /* so that files are in memory */
    printf("{\"seconds\": [");
    for (int one = 0; one < rounds; one++) printf("%s%.6f", one ? ", " : "", round_of(directory));
    printf("]}\n");
    for (int one = 0; one < 2; one++) {
        snprintf(path, sizeof path, "%s%s", directory, strrchr(SEEN[one], '/'));
        unlink(path);
    }
    return rmdir(directory);
}
