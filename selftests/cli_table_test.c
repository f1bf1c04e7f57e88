// SPDX-License-Identifier: GPL-2.0-only
/*
 * What users of the tool see, word for word: each verb and how it fails, and
 * each exit status.
 */
#include <fcntl.h>
#include <signal.h>

#include "kselftest_harness.h"
#include "rows.h"

#define MAY_NOT_OPEN \
	"bindery: not-permitted: /dev/bindery may not be opened; run it as root, or get the right to open that node; what changes anything also needs CAP_SYS_ADMIN in the initial user namespace\n"
#define NO_MODULE \
	"bindery: no-module: there is no /dev/bindery: the module is not loaded; run modprobe bindery\n"
#define STATES_UNKNOWN \
	"bindery: states are unknown: there is no /dev/bindery: the module is not loaded; run modprobe bindery\n"
#define NO_CLAIM \
	"no-claim: there is no claim of that id, or none on that device; look up its id with bindery list\n"

static const struct row free_rows[] = {
	{ "list --class 00ff --driver bindery_test_native", 0,
	  "module: yes\n"
	  "group 5  state free  claims 0\n"
	  "  DEVICE        DRIVER               CLASS   ID         PATH\n"
	  "  0000:01:00.0  bindery_test_native  00ff00  1234:11e8  0000:00/01/00\n"
	  "  0000:01:00.1  bindery_test_native  00ff00  1234:11e8  0000:00/01/00.1\n"
	  "  0000:01:00.2  bindery_test_native  00ff00  1b36:0005  0000:00/01/00.2\n"
	  "  0000:01:00.3  bindery_test_native  00ff00  1234:11e8  0000:00/01/00.3\n"
	  "group 6  state free  claims 0\n"
	  "  DEVICE        DRIVER               CLASS   ID         PATH\n"
	  "  0000:02:00.0  bindery_test_native  00ff00  1234:11e8  0000:00/02/00\n"
	  "group 7  state free  claims 0\n"
	  "  DEVICE        DRIVER               CLASS   ID         PATH\n"
	  "  0000:03:00.0  bindery_test_native  00ff00  1b36:0005  0000:00/03/00\n" },
	{ "list --vendor zzzz", 0,
	  "module: yes\n" },
	{ "list --vendor ''", 2, NULL,
	  "bindery list: nothing is to be looked for\n"
	  "Try 'bindery help list'.\n" },
	{ "list extra", 2, NULL,
	  "bindery list: it takes no arguments\n"
	  "Try 'bindery help list'.\n" },
	{ "list --jsn", 2, NULL,
	  "bindery list: unrecognized option '--jsn'\n"
	  "Try 'bindery help list'.\n" },
	{ "list --numa -1", 2, NULL,
	  "bindery list: '-1' is no NUMA node\n"
	  "Try 'bindery help list'.\n" },
	{ "show 01:00.3", 0,
	  "group: 5\n"
	  "state: free\n"
	  "claims: 0\n"
	  "members:\n"
	  "  DEVICE        DRIVER               CLASS   ID         FLAGS  MSIX  RESETS\n"
	  "  0000:01:00.0  bindery_test_native  00ff00  1234:11e8  pci    0     bus\n"
	  "  0000:01:00.1  bindery_test_native  00ff00  1234:11e8  pci    0     -\n"
	  "  0000:01:00.2  bindery_test_native  00ff00  1b36:0005  pci    0     -\n"
	  "  0000:01:00.3  bindery_test_native  00ff00  1234:11e8  pci    0     -\n" },
	{ "show 0000:02:00.0", 0,
	  "group: 6\n"
	  "state: free\n"
	  "claims: 0\n"
	  "members:\n"
	  "  DEVICE        DRIVER               CLASS   ID         FLAGS  MSIX  RESETS\n"
	  "  0000:02:00.0  bindery_test_native  00ff00  1234:11e8  pci    0     bus\n" },
	{ "show group:77", 1, NULL,
	  "bindery: group:77: request: address: no PCI device has this name; see 'bindery list', or DEVICES in bindery(8)\n" },
	{ "show 05:00.0", 1, NULL,
	  "bindery: 0000:05:00.0: resolve: no-device: there is no such device; look up the address with bindery list\n" },
	{ "show ''", 1, NULL,
	  "bindery: '': request: address: this is not the address of a device; write it as 0000:01:00.0, slot up to 1f and function up to 7, or see DEVICES in bindery(8)\n" },
	{ "show -- -1", 1, NULL,
	  "bindery: -1: request: address: no PCI device has this name; see 'bindery list', or DEVICES in bindery(8)\n" },
	{ "show", 2, NULL,
	  "bindery show: no device was named, and no picture asked for\n"
	  "Try 'bindery help show'.\n" },
	{ "show --tree", 0,
	  "0000:00  root bus\n"
	  "|- 00:00.0     host bridge                       - group 0\n"
	  "|- 00:01.0     PCI bridge   pcieport             - group 1\n"
	  "|  |- 01:00.0  device       bindery_test_native  \\ group 5\n"
	  "|  |- 01:00.1  device       bindery_test_native  |\n"
	  "|  |- 01:00.2  device       bindery_test_native  |\n"
	  "|  `- 01:00.3  device       bindery_test_native  /\n"
	  "|- 00:02.0     PCI bridge   pcieport             - group 2\n"
	  "|  `- 02:00.0  device       bindery_test_native  - group 6\n"
	  "|- 00:03.0     PCI bridge   pcieport             - group 3\n"
	  "|  `- 03:00.0  device       bindery_test_native  - group 7\n"
	  "|- 00:1f.0     ISA bridge                        \\ group 4\n"
	  "|- 00:1f.2     SATA         no driver            |\n"
	  "`- 00:1f.3     SMBus        no driver            /\n" },
	{ "show --tree --svg", 2, NULL,
	  "bindery show: --tree, --dot, --svg or --json: only one\n"
	  "Try 'bindery help show'.\n" },
	{ "check -c 01:00.0", 0,
	  "possible: yes\n"
	  "members:\n"
	  "  DEVICE        GROUP  STATE  ROLE       ACTION  DRIVER               TARGET    NATIVE-DRIVER        FLAGS  MSIX  RESETS\n"
	  "  0000:01:00.0  5      free   requested  move    bindery_test_native  vfio-pci  bindery_test_native  pci    0     bus\n"
	  "  0000:01:00.1  5      free   companion  move    bindery_test_native  vfio-pci  bindery_test_native  pci    0     -\n"
	  "  0000:01:00.2  5      free   companion  move    bindery_test_native  vfio-pci  bindery_test_native  pci    0     -\n"
	  "  0000:01:00.3  5      free   companion  move    bindery_test_native  vfio-pci  bindery_test_native  pci    0     -\n" },
	{ "check 01:00.0 01:00.1 01:00.2", 1,
	  "possible: no\n"
	  "members:\n"
	  "  DEVICE        GROUP  STATE  ROLE       ACTION  DRIVER               TARGET    NATIVE-DRIVER        FLAGS  BLOCKER     MSIX  RESETS\n"
	  "  0000:01:00.0  5      free   requested  move    bindery_test_native  vfio-pci  bindery_test_native  pci    -           0     bus\n"
	  "  0000:01:00.1  5      free   requested  move    bindery_test_native  vfio-pci  bindery_test_native  pci    -           0     -\n"
	  "  0000:01:00.2  5      free   requested  move    bindery_test_native  vfio-pci  bindery_test_native  pci    -           0     -\n"
	  "  0000:01:00.3  5      free   none       none    bindery_test_native  -         -                    pci    undeclared  0     -\n",
	  "bindery: 0000:01:00.0: validate: undeclared: member 0000:01:00.3 is on bindery_test_native and was not named; add it, or use --companions\n" },
	{ "check 02:00.0 0000:02:00.0", 1,
	  "possible: no\n"
	  "members:\n"
	  "  DEVICE        GROUP  STATE  DRIVER               FLAGS  MSIX  RESETS\n"
	  "  0000:02:00.0  6      free   bindery_test_native  pci    0     bus\n",
	  "bindery: 0000:02:00.0: resolve: duplicate: a device is named twice; name each device once\n" },
	{ "check 0000:00/02/00 02:00.0 group:6", 1,
	  "possible: no\n"
	  "members:\n"
	  "  DEVICE        GROUP  STATE  DRIVER               FLAGS  MSIX  RESETS\n"
	  "  0000:02:00.0  6      free   bindery_test_native  pci    0     bus\n",
	  "bindery: 0000:02:00.0: resolve: duplicate: a device is named twice; name each device once\n" },
	{ "check 02:00.0 group:5", 1, NULL,
	  "bindery: group:5: request: address: it means several devices: 0000:01:00.0, 0000:01:00.1, 0000:01:00.2, 0000:01:00.3; name the one that is meant by its BDF\n" },
	{ "check 0000:00/05/00", 1,
	  "possible: no\n",
	  "bindery: 0000:00/05/00: resolve: no-device: there is no such device; look up the address with bindery list\n" },
	{ "check 02:00.0,id=8086:10d3", 1,
	  "possible: no\n",
	  "bindery: 0000:02:00.0: resolve: identity: the device at this address is not the expected one; look up where that device is now with bindery list\n" },
	{ "check 00:01.0", 1,
	  "possible: no\n"
	  "members:\n"
	  "  DEVICE        GROUP  STATE  DRIVER    FLAGS        BLOCKER       MSIX\n"
	  "  0000:00:01.0  1      free   pcieport  pci, bridge  not-endpoint  1\n",
	  "bindery: 0000:00:01.0: validate: not-endpoint: a bridge cannot be given to a guest: driver pcieport; name the devices behind it instead\n" },
	{ "check 02:00.0=", 2, NULL,
	  "bindery check: '02:00.0=' names no driver\n"
	  "Try 'bindery help check'.\n" },
	{ "check -t '' 02:00.0", 2, NULL,
	  "bindery check: '' names no driver\n"
	  "Try 'bindery help check'.\n" },
	{ "check -t bindery_test_native 02:00.0", 1,
	  "possible: no\n"
	  "members:\n"
	  "  DEVICE        GROUP  STATE  DRIVER               TARGET               FLAGS  BLOCKER          MSIX  RESETS\n"
	  "  0000:02:00.0  6      free   bindery_test_native  bindery_test_native  pci    target-not-vfio  0     bus\n",
	  "bindery: 0000:02:00.0: validate: target-not-vfio: the target driver is no VFIO driver: driver bindery_test_native; choose a VFIO driver, such as vfio-pci\n" },
	{ "acquire -d -1 02:00.0", 2, NULL,
	  "bindery acquire: '-1' is no number of seconds from 0.001 to 3600\n"
	  "Try 'bindery help acquire'.\n" },
	{ "acquire -d 3601 02:00.0", 2, NULL,
	  "bindery acquire: '3601' is no number of seconds from 0.001 to 3600\n"
	  "Try 'bindery help acquire'.\n" },
	{ "acquire -d nan 02:00.0", 2, NULL,
	  "bindery acquire: 'nan' is no number of seconds from 0.001 to 3600\n"
	  "Try 'bindery help acquire'.\n" },
	{ "acquire", 2, NULL,
	  "bindery acquire: no device was named\n"
	  "Try 'bindery help acquire'.\n" },
	{ "acquire -k 02:00.0=no_such_driver", 1,
	  "members:\n"
	  "  DEVICE        GROUP  STATE  ROLE       ACTION  DRIVER               TARGET          NATIVE-DRIVER        FLAGS\n"
	  "  0000:02:00.0  6      free   requested  move    bindery_test_native  no_such_driver  bindery_test_native  pci, target-absent\n",
	  "bindery: 0000:02:00.0: target: no-target: there is no such target driver, also after loading its module: driver no_such_driver; check the name, or install the module for the running kernel\n" },
	{ "adopt -k 02:00.0", 1,
	  "members:\n"
	  "  DEVICE        GROUP  STATE  DRIVER               FLAGS  BLOCKER\n"
	  "  0000:02:00.0  6      free   bindery_test_native  pci    not-on-vfio\n",
	  "bindery: 0000:02:00.0: validate: not-on-vfio: a member of the group is not on a VFIO driver: driver bindery_test_native; acquire the group instead of adopting it\n" },
	{ "mark 02:00.0 attach-ok", 1, NULL,
	  "bindery: 02:00.0: resolve: " NO_CLAIM },
	{ "release 02:00.0", 1, NULL,
	  "bindery: 02:00.0: resolve: " NO_CLAIM },
	{ "release nosuch", 1, NULL,
	  "bindery: nosuch: request: address: no PCI device has this name; see 'bindery list', or DEVICES in bindery(8)\n" },
	{ "release 00000000-0000-0000-0000-000000000000", 1, NULL,
	  "bindery: ID: resolve: " NO_CLAIM },
	{ "release --wait --defer 02:00.0", 2, NULL,
	  "bindery release: --wait, --defer or --force: only one\n"
	  "Try 'bindery help release'.\n" },
	{ "repair 02:00.0", 0,
	  "device: 02:00.0\n"
	  "repaired: yes\n"
	  "members:\n"
	  "  DEVICE        GROUP  STATE  DRIVER               FLAGS\n"
	  "  0000:02:00.0  6      free   bindery_test_native  pci\n" },
	{ "repair 05:00.0", 1,
	  "device: 05:00.0\n"
	  "repaired: no\n",
	  "bindery: 0000:05:00.0: resolve: no-device: there is no such device; look up the address with bindery list\n" },
	{ "strays", 0,
	  "count: 0\n" },
	{ "strays nosuch", 1, NULL,
	  "bindery: nosuch: request: address: no PCI device has this name; see 'bindery list', or DEVICES in bindery(8)\n" },
	{ "path 02:00.0 00:01.0", 0,
	  "paths:\n"
	  "  DEVICE        PATH\n"
	  "  0000:02:00.0  0000:00/02/00\n"
	  "  0000:00:01.0  0000:00/01\n" },
	{ "path nosuch", 1, NULL,
	  "bindery: nosuch: request: address: no PCI device has this name; see 'bindery list', or DEVICES in bindery(8)\n" },
	{ "wait 02:00.0", 0,
	  "device: 0000:02:00.0\n"
	  "state: ready\n"
	  "driver: bindery_test_native\n" },
	{ "wait -d 0.1 --driver vfio-pci 02:00.0", 6,
	  "device: 0000:02:00.0\n"
	  "state: other-driver\n"
	  "driver: bindery_test_native\n",
	  "bindery: 02:00.0: other-driver: the device is there, on another driver; bind it to that driver, or name the one it is on\n" },
	{ "wait -d 0.1 -n 02:00.0", 7,
	  "device: 0000:02:00.0\n"
	  "state: no-node\n"
	  "driver: bindery_test_native\n",
	  "bindery: 02:00.0: no-node: the device is on its driver, which has made no node; see the kernel's log for what the driver lacks\n" },
	{ "wait -d 0.1 05:00.0", 5,
	  "state: absent\n",
	  "bindery: 05:00.0: absent: the device is not there; see that it is plugged in, and where\n" },
	{ "wait nosuch", 1, NULL,
	  "bindery: nosuch: request: address: no PCI device has this name; see 'bindery list', or DEVICES in bindery(8)\n" },
	{ "monitor --timeout 0.1", 0, NULL,
	  "bindery: listening from event N on\n" },
	{ "monitor --count 1 --timeout 0.1", 1, NULL,
	  "bindery: listening from event N on\n"
	  "bindery: deadline: only 0 of 1 events came in time; try a longer --timeout\n" },
	{ "monitor --since 999999", 1, NULL,
	  "bindery: stale: there is no event of that number yet: numbers begin anew with each load of the module; leave out --since, or look with bindery log\n" },
	{ "log --count 0", 2, NULL,
	  "bindery log: '0' is no number of events\n"
	  "Try 'bindery help log'.\n" },
	{ "log --since 999999", 1, NULL,
	  "bindery: stale: there is no event of that number yet: numbers begin anew with each load of the module; leave out --since, or look with bindery log\n" },
	{ "delegate 02:00.0 -- bindery path 02:00.0", 0,
	  "paths:\n"
	  "  DEVICE        PATH\n"
	  "  0000:02:00.0  0000:00/02/00\n",
	  "delegation: ID\n" },
	{ "delegate --ops show 02:00.0 -- bindery acquire -k 02:00.0", 1, NULL,
	  "delegation: ID\n"
	  "bindery: request: operation: this call was not delegated to this control file; ask who delegated for it, or do without\n" },
	{ "delegate --ops eat 02:00.0 -- true", 125, NULL,
	  "bindery delegate: 'eat' has a word that is no operation\n"
	  "Try 'bindery help delegate'.\n" },
	{ "delegate --max-claims 257 02:00.0 -- true", 125, NULL,
	  "bindery delegate: '257' is no number of claims from 1 to 256\n"
	  "Try 'bindery help delegate'.\n" },
	{ "delegate --max-transactions 17 02:00.0 -- true", 125, NULL,
	  "bindery delegate: '17' is no number of transactions from 1 to 16\n"
	  "Try 'bindery help delegate'.\n" },
	{ "delegate 02:00.0", 125, NULL,
	  "bindery delegate: there is no -- COMMAND and no --socket\n"
	  "Try 'bindery help delegate'.\n" },
	{ "delegate --socket /nosuch 02:00.0", 125,
	  "delegation: ID\n",
	  "bindery: system: /nosuch: No such file or directory\n" },
	{ "delegate 02:00.0 -- /", 126, NULL,
	  "delegation: ID\n"
	  "bindery: /: Permission denied\n" },
	{ "delegate 02:00.0 -- no-such-command", 127, NULL,
	  "delegation: ID\n"
	  "bindery: no-such-command: No such file or directory\n" },
	{ "delegate 02:00.0 -- false", 1, NULL,
	  "delegation: ID\n" },
	{ "revoke 00000000-0000-0000-0000-000000000000", 1, NULL,
	  "bindery: ID: request: no-delegation: there is no such delegation; name it by its id, or by a delegated control file\n" },
	{ "revoke nosuch", 2, NULL,
	  "bindery revoke: 'nosuch' is no id of a delegation\n"
	  "Try 'bindery help revoke'.\n" },
	{ "exec 02:00.0 -- echo ran", 0,
	  "ran\n" },
	{ "exec 02:00.0 -- false", 1 },
	{ "exec 02:00.0 -- /", 126, NULL,
	  "bindery: /: Permission denied\n" },
	{ "exec 02:00.0 -- no-such-command", 127, NULL,
	  "bindery: no-such-command: No such file or directory\n" },
	{ "exec 02:00.0", 125, NULL,
	  "bindery exec: there is no -- COMMAND\n"
	  "Try 'bindery help exec'.\n" },
	{ "exec -- true", 125, NULL,
	  "bindery exec: no device was named\n"
	  "Try 'bindery help exec'.\n" },
	{ "exec 01:00.0 -- echo ran", 125, NULL,
	  "members:\n"
	  "  DEVICE        GROUP  STATE  ROLE       ACTION  DRIVER               TARGET    NATIVE-DRIVER        FLAGS  BLOCKER\n"
	  "  0000:01:00.0  5      free   requested  move    bindery_test_native  vfio-pci  bindery_test_native  pci    -\n"
	  "  0000:01:00.1  5      free   none       none    bindery_test_native  -         -                    pci    undeclared\n"
	  "  0000:01:00.2  5      free   none       none    bindery_test_native  -         -                    pci    undeclared\n"
	  "  0000:01:00.3  5      free   none       none    bindery_test_native  -         -                    pci    undeclared\n"
	  "bindery: 0000:01:00.0: validate: undeclared: member 0000:01:00.1 is on bindery_test_native and was not named; add it, or use --companions\n"
	  "bindery: 0000:01:00.0: validate: undeclared: member 0000:01:00.2 is on bindery_test_native and was not named; add it, or use --companions\n"
	  "bindery: 0000:01:00.0: validate: undeclared: member 0000:01:00.3 is on bindery_test_native and was not named; add it, or use --companions\n" },
	{ "help release", 0,
	  "Usage: bindery release [OPTION]... DEVICE|ID...\n"
	  "End claims, and put their devices back.\n"
	  "\n"
	  "Options:\n"
	  "  -d, --deadline SECONDS          how long it may take, moving and restoring\n"
	  "                                  each: 0.001 to 3600, default 60\n"
	  "  -w, --wait                      wait for VFIO users to close, up to the\n"
	  "                                  deadline\n"
	  "  -D, --defer                     let the kernel restore when the last VFIO\n"
	  "                                  user has closed\n"
	  "  -f, --force                     ask VFIO users to go; who does not stays, and\n"
	  "                                  the group is stuck\n"
	  "  -p, --progress                  tell what is waited for, also if there is no\n"
	  "                                  terminal\n"
	  "  -j, --json                      print JSON, one document on a line\n"
	  "  -h, --help                      print this help\n"
	  "\n"
	  "A DEVICE is 0000:01:00.0, a path as 0000:00/01/00, or VF 2 of a PF as\n"
	  "vf:0000:01:00.0:2; ',id=8086:10d3' behind it checks what it is.\n"
	  "\n"
	  "Exit status:\n"
	  "  0    done\n"
	  "  1    failed, for one at least; what was done for others stays\n"
	  "  2    the command line is wrong\n"
	  "  3    failed, and a restore is incomplete\n"
	  "  4    there is no /dev/bindery: the module is not loaded\n" },
	{ "help eat", 2, NULL,
	  "bindery: 'eat' is no verb; try 'bindery help'\n" },
	{ "relase 02:00.0", 2, NULL,
	  "bindery: 'relase' is no verb; did you mean 'release'?\n" },
	{ "eat", 2, NULL,
	  "bindery: 'eat' is no verb; try 'bindery help'\n" },
};

static const struct row kept_rows[] = {
	{ "acquire -kcl vm1 01:00.0", 0,
	  "claim: id ID label vm1 groups 1 state held flags keep generation N\n"
	  "members:\n"
	  "  DEVICE        GROUP  STATE  ROLE       ACTION  DRIVER    TARGET    OVERRIDE  NATIVE-DRIVER        FLAGS\n"
	  "  0000:01:00.0  5      held   requested  move    vfio-pci  vfio-pci  vfio-pci  bindery_test_native  pci, vfio\n"
	  "  0000:01:00.1  5      held   companion  move    vfio-pci  vfio-pci  vfio-pci  bindery_test_native  pci, vfio\n"
	  "  0000:01:00.2  5      held   companion  move    vfio-pci  vfio-pci  vfio-pci  bindery_test_native  pci, vfio\n"
	  "  0000:01:00.3  5      held   companion  move    vfio-pci  vfio-pci  vfio-pci  bindery_test_native  pci, vfio\n",
	  "bindery: kept; end with bindery release ID\n" },
	{ "show 01:00.1", 0,
	  "group: 5\n"
	  "state: kept\n"
	  "claims: 1\n"
	  "holder: pid N comm bindery label vm1\n"
	  "claim: id ID flags keep, closed\n"
	  "generation: N\n"
	  "members:\n"
	  "  DEVICE        ROLE       ACTION  DRIVER    TARGET    OVERRIDE  NATIVE-DRIVER        CLASS   ID         GENERATION  FLAGS      MSIX  RESETS\n"
	  "  0000:01:00.0  requested  move    vfio-pci  vfio-pci  vfio-pci  bindery_test_native  00ff00  1234:11e8  N  pci, vfio  0     bus\n"
	  "    assignment: state reserved users 0 id ID\n"
	  "  0000:01:00.1  companion  move    vfio-pci  vfio-pci  vfio-pci  bindery_test_native  00ff00  1234:11e8  N  pci, vfio  0     -\n"
	  "    assignment: state reserved users 0 id ID\n"
	  "  0000:01:00.2  companion  move    vfio-pci  vfio-pci  vfio-pci  bindery_test_native  00ff00  1b36:0005  N  pci, vfio  0     -\n"
	  "    assignment: state reserved users 0 id ID\n"
	  "  0000:01:00.3  companion  move    vfio-pci  vfio-pci  vfio-pci  bindery_test_native  00ff00  1234:11e8  N  pci, vfio  0     -\n"
	  "    assignment: state reserved users 0 id ID\n" },
	{ "show --tree group:5", 0,
	  "0000:00  root bus\n"
	  "`- 00:01.0     PCI bridge  pcieport                                       - group 1\n"
	  "   |- 01:00.0  device      vfio-pci (was bindery_test_native)  requested  \\ group 5: kept by vm1 (bindery, pid N)\n"
	  "   |- 01:00.1  device      vfio-pci (was bindery_test_native)  companion  |\n"
	  "   |- 01:00.2  device      vfio-pci (was bindery_test_native)  companion  |\n"
	  "   `- 01:00.3  device      vfio-pci (was bindery_test_native)  companion  /\n" },
	{ "list --driver vfio-pci", 0,
	  "module: yes\n"
	  "group 5  state kept  claims 1  holder pid N comm bindery label vm1  claim id ID flags keep, closed  generation N\n"
	  "  DEVICE        DRIVER    OVERRIDE  CLASS   ID         PATH\n"
	  "  0000:01:00.0  vfio-pci  vfio-pci  00ff00  1234:11e8  0000:00/01/00\n"
	  "  0000:01:00.1  vfio-pci  vfio-pci  00ff00  1234:11e8  0000:00/01/00.1\n"
	  "  0000:01:00.2  vfio-pci  vfio-pci  00ff00  1b36:0005  0000:00/01/00.2\n"
	  "  0000:01:00.3  vfio-pci  vfio-pci  00ff00  1234:11e8  0000:00/01/00.3\n" },
	{ "acquire -d 0.1 -c 01:00.0", 1,
	  "members:\n"
	  "  DEVICE        GROUP  STATE  DRIVER    OVERRIDE  FLAGS\n"
	  "  0000:01:00.0  5      kept   vfio-pci  vfio-pci  pci, vfio\n"
	  "  0000:01:00.1  5      kept   vfio-pci  vfio-pci  pci, vfio\n"
	  "  0000:01:00.2  5      kept   vfio-pci  vfio-pci  pci, vfio\n"
	  "  0000:01:00.3  5      kept   vfio-pci  vfio-pci  pci, vfio\n",
	  "bindery: reserve: busy: the group is claimed: group 5 is held by pid N, comm bindery, label vm1; wait until its holder is done, or end the holder\n" },
	{ "adopt -k 01:00.0", 0,
	  "claim: id ID label vm1 groups 1 state held flags keep generation N\n"
	  "members:\n"
	  "  DEVICE        GROUP  STATE  ROLE       ACTION  DRIVER    TARGET    OVERRIDE  NATIVE-DRIVER        FLAGS\n"
	  "  0000:01:00.0  5      held   requested  move    vfio-pci  vfio-pci  vfio-pci  bindery_test_native  pci, vfio\n"
	  "  0000:01:00.1  5      held   companion  move    vfio-pci  vfio-pci  vfio-pci  bindery_test_native  pci, vfio\n"
	  "  0000:01:00.2  5      held   companion  move    vfio-pci  vfio-pci  vfio-pci  bindery_test_native  pci, vfio\n"
	  "  0000:01:00.3  5      held   companion  move    vfio-pci  vfio-pci  vfio-pci  bindery_test_native  pci, vfio\n",
	  "bindery: kept; end with bindery release ID\n" },
	{ "mark 01:00.0 attach-ok", 0,
	  "device: 01:00.0\n"
	  "event: attach-ok\n"
	  "assignment: state pending users 0 id ID\n"
	  "generation: N\n" },
	{ "mark 01:00.0 add-user", 1, NULL,
	  "bindery: 0000:01:00.0: request: transition: the assignment's state does not allow that event; look at the assignment with bindery show\n" },
	{ "mark -g 1 01:00.0 guest-ready", 1, NULL,
	  "bindery: 0000:01:00.0: request: stale: something changed since the generation that was given was read; look again, then decide again\n" },
	{ "mark -C 00000000-0000-0000-0000-000000000000 01:00.0 guest-ready", 2, NULL,
	  "bindery mark: 'ID' is no id of a claim\n"
	  "Try 'bindery help mark'.\n" },
	{ "mark 01:00.0 eaten", 2, NULL,
	  "bindery mark: 'eaten' is no event: reserve, attach-ok, attach-failed, guest-ready, guest-failed, add-user, drop-user, detach-ok, detach-failed\n"
	  "Try 'bindery help mark'.\n" },
	{ "mark 01:00.0", 2, NULL,
	  "bindery mark: it needs DEVICE EVENT\n"
	  "Try 'bindery help mark'.\n" },
	{ "repair 01:00.0", 0,
	  "device: 01:00.0\n"
	  "repaired: yes\n"
	  "members:\n"
	  "  DEVICE        GROUP  STATE  ROLE       ACTION  DRIVER    TARGET    OVERRIDE  NATIVE-DRIVER        FLAGS\n"
	  "  0000:01:00.0  5      kept   requested  move    vfio-pci  vfio-pci  vfio-pci  bindery_test_native  pci, vfio\n"
	  "  0000:01:00.1  5      kept   companion  move    vfio-pci  vfio-pci  vfio-pci  bindery_test_native  pci, vfio\n"
	  "  0000:01:00.2  5      kept   companion  move    vfio-pci  vfio-pci  vfio-pci  bindery_test_native  pci, vfio\n"
	  "  0000:01:00.3  5      kept   companion  move    vfio-pci  vfio-pci  vfio-pci  bindery_test_native  pci, vfio\n" },
	{ "log --count 1", 0,
	  "N  T  kept  group 5  claim ID  old_state held  state kept\n" },
	{ "release 01:00.0 02:00.0", 1,
	  "claim: id ID label vm1 groups 1 state held flags keep generation N\n"
	  "released: yes\n"
	  "restored: yes\n"
	  "members:\n"
	  "  DEVICE        GROUP  STATE  ROLE       ACTION  DRIVER               TARGET    NATIVE-DRIVER        FLAGS\n"
	  "  0000:01:00.0  5      free   requested  move    bindery_test_native  vfio-pci  bindery_test_native  pci\n"
	  "  0000:01:00.1  5      free   companion  move    bindery_test_native  vfio-pci  bindery_test_native  pci\n"
	  "  0000:01:00.2  5      free   companion  move    bindery_test_native  vfio-pci  bindery_test_native  pci\n"
	  "  0000:01:00.3  5      free   companion  move    bindery_test_native  vfio-pci  bindery_test_native  pci\n",
	  "bindery: 02:00.0: resolve: " NO_CLAIM },
};

static int errors_are_full(void)
{
	int full = open("/dev/full", O_WRONLY);

	return full < 0 || dup2(full, STDERR_FILENO) < 0;
}

static const struct row output_rows[] = {
	{ "list", 1, NULL,
	  "bindery: standard output: No space left on device\n", output_is_full },
	{ "help list", 1, NULL,
	  "bindery: standard output: Bad file descriptor\n", output_is_closed },
	{ "list --json", -SIGPIPE, NULL, NULL, output_is_unread },
	{ "check 02:00.0", 1, NULL,
	  "bindery: standard output: No space left on device\n", output_is_full },
	/* It has the module's node open when it writes. */
	{ "show 02:00.0", 1, NULL,
	  "bindery: standard output: Bad file descriptor\n", output_is_closed },
	{ "show --tree", -SIGPIPE, NULL, NULL, output_is_unread },
	{ "path 02:00.0", 1, NULL,
	  "bindery: standard output: No space left on device\n", output_is_full },
	{ "help", 1, NULL,
	  "bindery: standard output: No space left on device\n", output_is_full },
	{ "monitor --since 1", -SIGPIPE, NULL,
	  "bindery: listening from event N on\n", output_is_unread },
	{ "log", 1, NULL,
	  "bindery: standard output: No space left on device\n", output_is_full },
	{ "acquire -k 02:00.0", 1, NULL,
	  "bindery: standard output: No space left on device\n", output_is_full },
	{ "acquire 02:00.0", -SIGPIPE, NULL, NULL, output_is_unread },
	{ "exec 02:00.0 -- true", 0, NULL, NULL, output_is_closed },
	{ "exec 02:00.0 -- echo ran", 1, NULL,
	  "echo: write error: No space left on device\n", output_is_full },
	{ "exec --json 02:00.0 -- echo ran", 125, NULL, NULL, errors_are_full },
	{ "delegate 02:00.0 -- true", 0, NULL,
	  "delegation: ID\n", output_is_closed },
};

static const struct row denied_rows[] = {
	{ "list --class 00ff --driver none", 0,
	  "module: yes\n",
	  "bindery: states are unknown: /dev/bindery may not be opened; run it as root, or get the right to open that node\n",
	  become_nobody },
	{ "show 02:00.0", 1, NULL, MAY_NOT_OPEN, become_nobody },
	{ "check 02:00.0", 1, NULL, MAY_NOT_OPEN, become_nobody },
	{ "acquire 02:00.0", 1, NULL, MAY_NOT_OPEN, become_nobody },
	{ "exec 02:00.0 -- true", 125, NULL, MAY_NOT_OPEN, become_nobody },
	{ "adopt 02:00.0", 1, NULL, MAY_NOT_OPEN, become_nobody },
	{ "release 02:00.0", 1, NULL, MAY_NOT_OPEN, become_nobody },
	{ "mark 02:00.0 attach-ok", 1, NULL, MAY_NOT_OPEN, become_nobody },
	{ "repair 02:00.0", 1, NULL, MAY_NOT_OPEN, become_nobody },
	{ "strays", 1, NULL, MAY_NOT_OPEN, become_nobody },
	{ "path 02:00.0", 0,
	  "paths:\n"
	  "  DEVICE        PATH\n"
	  "  0000:02:00.0  0000:00/02/00\n", NULL,
	  become_nobody },
	{ "wait 02:00.0", 0,
	  "device: 0000:02:00.0\n"
	  "state: ready\n"
	  "driver: bindery_test_native\n", NULL,
	  become_nobody },
	{ "monitor", 1, NULL, MAY_NOT_OPEN, become_nobody },
	{ "log", 1, NULL, MAY_NOT_OPEN, become_nobody },
	{ "delegate 02:00.0 -- true", 125, NULL, MAY_NOT_OPEN, become_nobody },
	{ "revoke 00000000-0000-0000-0000-000000000001", 1, NULL, MAY_NOT_OPEN, become_nobody },
};

static const struct row missing_rows[] = {
	{ "list --class 00ff --driver none", 0,
	  "module: no\n",
	  STATES_UNKNOWN },
	{ "show 02:00.0", 4, NULL, NO_MODULE },
	{ "show --tree 02:00.0", 0,
	  "0000:00  root bus\n"
	  "`- 00:02.0     PCI bridge  pcieport             - group 2\n"
	  "   `- 02:00.0  device      bindery_test_native  - group 6\n",
	  STATES_UNKNOWN },
	{ "check 02:00.0", 4, NULL, NO_MODULE },
	{ "acquire 02:00.0", 4, NULL, NO_MODULE },
	{ "exec 02:00.0 -- true", 125, NULL, NO_MODULE },
	{ "adopt 02:00.0", 4, NULL, NO_MODULE },
	{ "release 02:00.0", 4, NULL, NO_MODULE },
	{ "mark 02:00.0 attach-ok", 4, NULL, NO_MODULE },
	{ "repair 02:00.0", 4, NULL, NO_MODULE },
	{ "strays", 4, NULL, NO_MODULE },
	{ "path 02:00.0", 0,
	  "paths:\n"
	  "  DEVICE        PATH\n"
	  "  0000:02:00.0  0000:00/02/00\n" },
	{ "wait 02:00.0", 0,
	  "device: 0000:02:00.0\n"
	  "state: ready\n"
	  "driver: bindery_test_native\n" },
	{ "monitor", 4, NULL, NO_MODULE },
	{ "log", 4, NULL, NO_MODULE },
	{ "delegate 02:00.0 -- true", 125, NULL, NO_MODULE },
	{ "revoke 00000000-0000-0000-0000-000000000001", 4, NULL, NO_MODULE },
};

static const struct row degraded_rows[] = {
	{ "release 02:00.0", 3,
	  "claim: id ID groups 1 state held flags keep generation N\n"
	  "released: yes\n"
	  "restored: no\n"
	  "members:\n"
	  "  DEVICE        GROUP  STATE     ROLE       ACTION  TARGET    NATIVE-DRIVER        FLAGS  ERRNO  REASON\n"
	  "  0000:02:00.0  6      degraded  requested  move    vfio-pci  bindery_test_native  pci    5      Input/output error\n",
	  "bindery: 0000:02:00.0: restore: degraded: the device has no driver: its native driver could not be put back: driver bindery_test_native; see the kernel log; load the native driver, then use bindery repair\n" },
	{ "show 02:00.0", 0,
	  "group: 6\n"
	  "state: degraded\n"
	  "claims: 0\n"
	  "generation: N\n"
	  "members:\n"
	  "  DEVICE        ROLE       ACTION  TARGET    NATIVE-DRIVER        CLASS   ID         GENERATION  FLAGS  MSIX  RESETS\n"
	  "  0000:02:00.0  requested  move    vfio-pci  bindery_test_native  00ff00  1234:11e8  N  pci    0     bus\n"
	  "    assignment: state reserved users 0 id ID\n" },
	{ "repair 02:00.0", 3,
	  "device: 02:00.0\n"
	  "repaired: no\n"
	  "members:\n"
	  "  DEVICE        GROUP  STATE     ROLE       ACTION  TARGET    NATIVE-DRIVER        FLAGS  ERRNO  REASON\n"
	  "  0000:02:00.0  6      degraded  requested  move    vfio-pci  bindery_test_native  pci    5      Input/output error\n",
	  "bindery: 0000:02:00.0: restore: degraded: the device has no driver: its native driver could not be put back; see the kernel log; load the native driver, then use bindery repair\n" },
};

static const struct row repaired_rows[] = {
	{ "repair 02:00.0", 0,
	  "device: 02:00.0\n"
	  "repaired: yes\n"
	  "members:\n"
	  "  DEVICE        GROUP  STATE  ROLE       ACTION  DRIVER               TARGET    NATIVE-DRIVER        FLAGS\n"
	  "  0000:02:00.0  6      free   requested  move    bindery_test_native  vfio-pci  bindery_test_native  pci\n" },
};

static const struct row rolled_back_rows[] = {
	{ "acquire -t bindery_test_target 02:00.0", 1,
	  "members:\n"
	  "  DEVICE        GROUP  STATE  ROLE       ACTION  DRIVER               TARGET               NATIVE-DRIVER        FLAGS\n"
	  "  0000:02:00.0  6      free   requested  move    bindery_test_native  bindery_test_target  bindery_test_native  pci\n",
	  "bindery: 0000:02:00.0: bind: bind: the target driver refused the device: driver bindery_test_target: Input/output error; see the kernel log for that driver\n" },
};

static const struct row not_restored_rows[] = {
	{ "acquire -t bindery_test_target 02:00.0", 3,
	  "members:\n"
	  "  DEVICE        GROUP  STATE     ROLE       ACTION  TARGET               NATIVE-DRIVER        FLAGS\n"
	  "  0000:02:00.0  6      degraded  requested  move    bindery_test_target  bindery_test_native  pci\n",
	  "bindery: 0000:02:00.0: bind: bind: the target driver refused the device: driver bindery_test_target: Input/output error; see the kernel log for that driver\n"
	  "bindery: 0000:02:00.0: bind: bind: not all is put back: see bindery show, and bindery repair; see the kernel log for that driver\n" },
	{ "exec 02:00.0 -- true", 125, NULL,
	  "members:\n"
	  "  DEVICE        GROUP  STATE     ROLE       ACTION  TARGET    FLAGS\n"
	  "  0000:02:00.0  6      degraded  requested  move    vfio-pci  pci\n"
	  "bindery: reserve: degraded: the device has no driver: its native driver could not be put back; see the kernel log; load the native driver, then use bindery repair\n" },
};

WORDS_FIXTURE(table)

TEST_F_TIMEOUT(table, U2_every_verb_answers_in_these_words, 120)
{
	EXPECT_EQ(0, ANSWERS(free));
	EXPECT_EQ(0, ANSWERS(kept));
}

TEST_F(table, U2_what_cannot_be_written_is_a_failure_and_nothing_stays_held)
{
	EXPECT_EQ(0, ANSWERS(output));
}

TEST_F(table, U2_who_may_not_is_told_what_is_missing)
{
	EXPECT_EQ(0, ANSWERS(denied));
}

TEST_F(table, U2_without_the_module_all_say_so_in_one_way)
{
	close(self->words.control);
	ASSERT_TRUE(wait_until(!module_unload("bindery")));
	EXPECT_EQ(0, ANSWERS(missing));
	ASSERT_EQ(0, module_load("bindery"));
	ASSERT_TRUE(wait_until((self->words.control = control_open()) >= 0));
}

TEST_F(table, U2_an_incomplete_restore_exits_with_3)
{
	ASSERT_EQ(0, RUN("acquire", "-k", ALONE));
	ASSERT_EQ(0, knob(TEST_NATIVE, "fail", ALONE));
	EXPECT_EQ(0, ANSWERS(degraded));
	ASSERT_EQ(0, knob(TEST_NATIVE, "fail", ""));
	EXPECT_EQ(0, ANSWERS(repaired));
}

TEST_F(table, U2_U3_a_failure_tells_whether_all_is_as_before)
{
	ASSERT_EQ(0, knob(TEST_TARGET, "fail", ALONE));
	EXPECT_EQ(0, ANSWERS(rolled_back));
	ASSERT_EQ(0, knob(TEST_NATIVE, "fail", ALONE));
	EXPECT_EQ(0, ANSWERS(not_restored));
	ASSERT_EQ(0, knob(TEST_NATIVE, "fail", ""));
	EXPECT_EQ(0, RUN("repair", ALONE));
}

TEST_HARNESS_MAIN
