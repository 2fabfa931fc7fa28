import Glibc

/// Images of the process's memory that the kernel writes when it crashes: they would hold the master key and every
/// secret in use.
public enum CoreDumps {
    /// Forbids them for this process and the ones it starts. Whether that was possible.
    public static func forbid() -> Bool {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        return unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none) == 0
    }
}
