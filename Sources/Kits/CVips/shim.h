// libvips as it is used here: opened when a process that transforms one image starts, so that no program needs it to be
// built or to run. Its declarations are our own; variadic functions are called here, since Swift cannot.
#pragma once
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>

struct cvips_image;

struct cvips {
    int (*init)(const char *);
    void (*block)(const char *, int);
    void (*concurrency)(int);
    void (*cache)(int);
    struct cvips_image *(*open)(const void *, size_t, const char *, ...);
    int (*thumbnail)(void *, size_t, struct cvips_image **, int, ...);
    int (*width)(const struct cvips_image *);
    int (*height)(const struct cvips_image *);
    int (*save)(struct cvips_image *, const char *, void **, size_t *, ...);
};

enum cvips_result { cvips_done, cvips_no_image, cvips_too_many_pixels, cvips_damaged };

// How an image is transformed. The sizes are those of libvips: 0 both, 1 up, 2 down, 3 force.
struct cvips_order {
    int width;
    int height;
    int size;
    int crops;
    // A name with options, as libvips takes them: ".webp[Q=80]".
    const char *suffix;
    int64_t source_pixels_max;
    int64_t result_pixels_max;
};

// Opens the library, and lets it read five formats alone. Whether it is there with all that is used of it.
static inline int cvips_load(struct cvips *vips, const char *path) {
    static const char *const loaders[] = {"VipsForeignLoadJpeg", "VipsForeignLoadPng", "VipsForeignLoadWebp",
                                          "VipsForeignLoadNsgif", "VipsForeignLoadHeif"};
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) return 0;
    *(void **)&vips->init = dlsym(library, "vips_init");
    *(void **)&vips->block = dlsym(library, "vips_operation_block_set");
    *(void **)&vips->concurrency = dlsym(library, "vips_concurrency_set");
    *(void **)&vips->cache = dlsym(library, "vips_cache_set_max");
    *(void **)&vips->open = dlsym(library, "vips_image_new_from_buffer");
    *(void **)&vips->thumbnail = dlsym(library, "vips_thumbnail_buffer");
    *(void **)&vips->width = dlsym(library, "vips_image_get_width");
    *(void **)&vips->height = dlsym(library, "vips_image_get_height");
    *(void **)&vips->save = dlsym(library, "vips_image_write_to_buffer");
    if (!vips->init || !vips->block || !vips->concurrency || !vips->cache || !vips->open || !vips->thumbnail ||
        !vips->width || !vips->height || !vips->save || vips->init("projectd"))
        return 0;
    vips->concurrency(1);
    vips->cache(0);
    vips->block("VipsForeignLoad", 1);
    for (size_t index = 0; index < sizeof loaders / sizeof *loaders; index++) vips->block(loaders[index], 0);
    return 1;
}

// Bounds for the rest of this process: bytes of memory that is its own, of a file it writes, seconds of processor. Where
// the last is met a signal of its own says so; the hard limit behind it would kill without a word.
static inline int cvips_limit(rlim_t memory, rlim_t file, rlim_t seconds) {
    struct rlimit data = {memory, memory}, size = {file, file}, time = {seconds, seconds + 1}, none = {0, 0};
    return !setrlimit(RLIMIT_DATA, &data) && !setrlimit(RLIMIT_FSIZE, &size) && !setrlimit(RLIMIT_CPU, &time) &&
           !setrlimit(RLIMIT_CORE, &none);
}

#if defined(__x86_64__)
#define CVIPS_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define CVIPS_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the filter of system calls is written for x86_64 and aarch64"
#endif

#define CVIPS_ALLOW(name)                                      \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 1),    \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

// From now on this process computes, and reads and writes what is open: it opens no file and no socket, starts no
// program, and neither looks into another one nor signals it. Other calls fail, with the kernel's word that they are not
// permitted.
static inline int cvips_confine(void) {
    const uint32_t own = (uint32_t)getpid();
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CVIPS_ARCHITECTURE, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        CVIPS_ALLOW(read), CVIPS_ALLOW(write), CVIPS_ALLOW(writev), CVIPS_ALLOW(close), CVIPS_ALLOW(fstat),
        CVIPS_ALLOW(lseek), CVIPS_ALLOW(mmap), CVIPS_ALLOW(mprotect), CVIPS_ALLOW(munmap), CVIPS_ALLOW(mremap),
        CVIPS_ALLOW(madvise), CVIPS_ALLOW(brk), CVIPS_ALLOW(futex), CVIPS_ALLOW(set_robust_list),
        CVIPS_ALLOW(rseq), CVIPS_ALLOW(sched_yield), CVIPS_ALLOW(sched_getaffinity), CVIPS_ALLOW(clock_gettime),
        CVIPS_ALLOW(clock_nanosleep), CVIPS_ALLOW(nanosleep), CVIPS_ALLOW(gettimeofday), CVIPS_ALLOW(getpid),
        CVIPS_ALLOW(gettid), CVIPS_ALLOW(rt_sigaction), CVIPS_ALLOW(rt_sigprocmask),
        CVIPS_ALLOW(rt_sigreturn), CVIPS_ALLOW(sigaltstack), CVIPS_ALLOW(getrandom), CVIPS_ALLOW(exit),
        CVIPS_ALLOW(exit_group), CVIPS_ALLOW(restart_syscall),
        // `abort` signals its own process; no other one may be.
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_tgkill, 0, 6),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, own, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0]) + sizeof(uint32_t)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        // A thread is no other process. Its newer call keeps its flags where a filter does not see them: libc falls
        // back.
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone3, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    };
    struct sock_fprog program = {sizeof rules / sizeof *rules, rules};
    // Threads that a library has started are bound too.
    return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
           !syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
}

// The bytes of a file that is open; NULL where there are none.
static inline void *cvips_map(int descriptor, size_t *count) {
    struct stat status;
    if (fstat(descriptor, &status) || status.st_size <= 0) return NULL;
    void *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, descriptor, 0);
    if (bytes == MAP_FAILED) return NULL;
    *count = (size_t)status.st_size;
    return bytes;
}

// Looks at the head first: nothing is decoded of what has too many pixels.
static inline enum cvips_result cvips_transform(
    const struct cvips *vips, const struct cvips_order *order, void *bytes, size_t count, void **result, size_t *size) {
    enum { none = 0, centre = 1, on_truncated = 1 };
    struct cvips_image *image = vips->open(bytes, count, "", NULL);
    if (!image) return cvips_no_image;
    if ((int64_t)vips->width(image) * vips->height(image) > order->source_pixels_max) return cvips_too_many_pixels;
    struct cvips_image *other = NULL;
    if (vips->thumbnail(bytes, count, &other, order->width, "height", order->height, "size", order->size, "crop",
                        order->crops ? centre : none, "fail_on", on_truncated, "export_profile", "srgb", NULL))
        return cvips_damaged;
    if ((int64_t)vips->width(other) * vips->height(other) > order->result_pixels_max) return cvips_too_many_pixels;
    if (vips->save(other, order->suffix, result, size, NULL)) return cvips_damaged;
    return cvips_done;
}
