/// Names of environment variables that a project's members may not set in a container.
///
/// A container of functions begins as root, and the engine runs its health check as root: what steers the dynamic
/// loader, the C library, a shell or the runtime there would run a file of the project's own with root's rights.
enum ReservedVariables {
    /// Beginnings of names: those of the stack, the loader's, the C library's, bash's, the runtime's and those of the
    /// settings of the server that runs functions.
    private static let prefixes = [
        SettingLimits.reservedPrefix, "LD_", "DYLD_", "GLIBC_", "MALLOC_", "BASH_", "DENO_", "EDGE_RUNTIME_",
        "PROJECTD_",
    ]

    /// Whole names.
    private static let names: Set<String> = [
        // The C library takes them from no program with other rights than its caller's (glibc, unsecvars.h).
        "GCONV_PATH", "GETCONF_DIR", "HOSTALIASES", "LOCALDOMAIN", "LOCPATH", "NIS_PATH", "NLSPATH",
        "RESOLV_HOST_CONF", "RES_OPTIONS", "TMPDIR", "TZDIR",
        // Shells read them at their start. Debian's bash takes SSH_CLIENT for a login, and runs ~/.bashrc.
        "BASHOPTS", "CDPATH", "ENV", "GLOBIGNORE", "HOME", "IFS", "OLDPWD", "PATH", "POSIXLY_CORRECT",
        "PROMPT_COMMAND", "PS4", "PWD", "SHELL", "SHELLOPTS", "SHLVL", "SSH2_CLIENT", "SSH_CLIENT",
        // Code or options that the runtime loads at its start.
        "NODE_OPTIONS", "ORT_DYLIB_PATH", "XDG_CACHE_HOME",
    ]

    /// Whether the name is one of them, whatever its stack is.
    static func contains(_ name: String) -> Bool {
        names.contains(name) || prefixes.contains { name.hasPrefix($0) }
    }
}
