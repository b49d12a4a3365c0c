// SPDX-License-Identifier: Apache-2.0
// What a process may use of a machine, in trees of files as the kernel shows them.
#include "core/base/file.h"
#include "core/base/limits.h"
#include "tests/support/suite.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const gigabyte = "1073741824\n";

// A file of the pretended machine, with the folders above it.
static void put(const char *tree, const char *name, const char *text) {
    struct error err = {0};
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", suite_path(tree), name);
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        CU_ASSERT_FATAL(!folder_make(path, &err));
        *slash = '/';
    }
    CU_ASSERT_FATAL(!file_write(path, text, strlen(text), &err));
}

static int cores_of_this_machine(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) ? 1 : CPU_COUNT(&set);
}

static void pretend(const char *tree) {
    static char root[PATH_SIZE];
    snprintf(root, sizeof root, "%s", suite_path(tree));
    limits_pretend(root);
    unsetenv("SLURM_CPUS_PER_TASK");
    put(tree, "proc/meminfo", "MemTotal:  8388608 kB\nMemAvailable:    4194304 kB\n");
}

static void test_a_machine_without_groups_limits_nothing(void) {
    pretend("plain");
    CU_ASSERT_EQUAL(limits_cores(), cores_of_this_machine());
    suite_near(limits_memory(), 4.0 * (1 << 30), 1);
}

static void test_version_2_limits_at_every_level(void) {
    pretend("two");
    put("two", "proc/self/cgroup", "0::/jobs/17\n");
    put("two", "sys/fs/cgroup/jobs/17/cpu.max", "max 100000\n");
    put("two", "sys/fs/cgroup/jobs/cpu.max", "150000 100000\n"); // one core and a half
    put("two", "sys/fs/cgroup/jobs/17/memory.max", gigabyte);
    put("two", "sys/fs/cgroup/jobs/17/memory.current", "536870912\n");
    put("two", "sys/fs/cgroup/jobs/17/memory.stat", "anon 1\ninactive_file 268435456\n");
    put("two", "sys/fs/cgroup/jobs/memory.max", "max\n");
    CU_ASSERT_EQUAL(limits_cores(), 1);
    suite_near(limits_memory(), 0.75 * (1 << 30), 1);
}

static void test_version_1_has_a_folder_for_each_controller(void) {
    pretend("one");
    put("one", "proc/self/cgroup", "5:cpuset:/\n4:memory:/slurm/job_7\n3:cpu,cpuacct:/slurm/job_7\n0::/\n");
    put("one", "sys/fs/cgroup/cpu/slurm/job_7/cpu.cfs_quota_us", "100000\n");
    put("one", "sys/fs/cgroup/cpu/slurm/job_7/cpu.cfs_period_us", "100000\n");
    put("one", "sys/fs/cgroup/memory/slurm/job_7/memory.limit_in_bytes", gigabyte);
    put("one", "sys/fs/cgroup/memory/slurm/job_7/memory.usage_in_bytes", "268435456\n");
    put("one", "sys/fs/cgroup/memory/slurm/job_7/memory.stat", "cache 3\ntotal_inactive_file 0\n");
    put("one", "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"); // none
    put("one", "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
    CU_ASSERT_EQUAL(limits_cores(), 1);
    suite_near(limits_memory(), 0.75 * (1 << 30), 1);
}

// Inside a container the process's path is the host's; what is mounted is the container's own group.
static void test_a_container_sees_its_own_group_as_the_root(void) {
    pretend("docker");
    put("docker", "proc/self/cgroup", "0::/docker/5fa3\n");
    put("docker", "sys/fs/cgroup/cpu.max", "50000 100000\n");
    put("docker", "sys/fs/cgroup/memory.max", gigabyte);
    put("docker", "sys/fs/cgroup/memory.current", gigabyte);
    CU_ASSERT_EQUAL(limits_cores(), 1);
    suite_near(limits_memory(), 1, 0); // nothing is left, which is not "unknown"
}

static void test_a_wide_quota_leaves_the_machines_cores(void) {
    pretend("wide");
    put("wide", "proc/self/cgroup", "0::/\n");
    put("wide", "sys/fs/cgroup/cpu.max", "6400000 100000\n");
    CU_ASSERT_EQUAL(limits_cores(), cores_of_this_machine());
}

static void test_slurm_says_how_many_cores_a_task_has(void) {
    pretend("slurm");
    setenv("SLURM_CPUS_PER_TASK", "1", 1);
    CU_ASSERT_EQUAL(limits_cores(), 1);
    setenv("SLURM_CPUS_PER_TASK", "4096", 1);
    CU_ASSERT_EQUAL(limits_cores(), cores_of_this_machine());
    unsetenv("SLURM_CPUS_PER_TASK");
}

static void test_slurm_says_how_much_memory_a_job_has(void) {
    pretend("slurm");
    put("slurm", "proc/meminfo", "MemTotal: 9000000 kB\nMemAvailable: 8000000 kB\n");
    setenv("SLURM_MEM_PER_NODE", "1000", 1);
    suite_near(limits_memory(), 1000.0 * (1 << 20), 0);
    setenv("SLURM_MEM_PER_NODE", "0", 1); // all of the node's
    suite_near(limits_memory(), 8000000.0 * 1024, 0);
    unsetenv("SLURM_MEM_PER_NODE");
    setenv("SLURM_MEM_PER_CPU", "500", 1);
    setenv("SLURM_CPUS_PER_TASK", "4", 1);
    suite_near(limits_memory(), 2000.0 * (1 << 20), 0);
    unsetenv("SLURM_CPUS_PER_TASK");
    unsetenv("SLURM_MEM_PER_CPU");
}

static void test_a_folder_tells_what_may_be_written_there(void) {
    CU_ASSERT(limits_disk(suite_folder()) > 0);
    CU_ASSERT_EQUAL(limits_disk(suite_path("absent")), 0);
}

static int finish(void) {
    limits_pretend("");
    return suite_remove_folder();
}

void suite_limits(void);
void suite_limits(void) {
    CU_pSuite suite = CU_add_suite("limits", suite_make_folder, finish);
    CU_add_test(suite, "a machine without groups limits nothing",
                test_a_machine_without_groups_limits_nothing);
    CU_add_test(suite, "version 2 limits at every level", test_version_2_limits_at_every_level);
    CU_add_test(suite, "version 1 has a folder for each controller",
                test_version_1_has_a_folder_for_each_controller);
    CU_add_test(suite, "a container sees its own group as the root",
                test_a_container_sees_its_own_group_as_the_root);
    CU_add_test(suite, "a wide quota leaves the machine's cores",
                test_a_wide_quota_leaves_the_machines_cores);
    CU_add_test(suite, "Slurm says how many cores a task has", test_slurm_says_how_many_cores_a_task_has);
    CU_add_test(suite, "Slurm says how much memory a job has", test_slurm_says_how_much_memory_a_job_has);
    CU_add_test(suite, "a folder tells what may be written there",
                test_a_folder_tells_what_may_be_written_there);
}
