#pragma once
#include <libpq-fe.h>
#include <spawn.h>
// Glibc's Swift module leaves out eventfd; a connection's thread is woken through one.
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/prctl.h>

/// In Swift the structure of the same name hides the function flock.
static inline int postgreskit_flock(int descriptor, int operation) { return flock(descriptor, operation); }

// glibc 2.34 and up has these; its headers show them only with _GNU_SOURCE, which a Swift build does not define.
int pipe2(int descriptors[2], int flags);
int dup3(int descriptor, int replaced, int flags);
int setresuid(uid_t real, uid_t effective, uid_t saved);
int setresgid(gid_t real, gid_t effective, gid_t saved);
int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

/// POSIX_SPAWN_SETSID of glibc's <spawn.h>, hidden for the same reason.
static const short postgreskit_spawn_new_session = 0x80;

/// Takes this process's memory and environment out of the reach of others of its user; 0 if so. Swift calls no function
/// of a variable number of arguments.
static inline int postgreskit_make_private(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
