/// How the manager runs its own PostgreSQL cluster.
public struct EmbeddedClusterConfiguration: Sendable {
    /// The cluster's folder, usually `<data>/postgres`, as an absolute path. It belongs to the cluster alone.
    public var folder: String

    /// The folder of `initdb` and `postgres`; nil searches the usual places and the search path.
    public var programsFolder: String?

    /// The search path for programs, as in the variable `PATH`.
    public var searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// The user that runs the server when the manager is root; PostgreSQL refuses to run as root.
    public var serverAccount = "postgres"

    /// The role and the database that the manager uses.
    public var role = "supamanager"

    /// Settings of `postgresql.conf` that win over the built-in ones.
    public var settings: [String: String] = [:]

    /// Bytes of the server's log. Beyond, it is put aside while the server runs; one older log is kept, so that both
    /// together take twice as much.
    public var maximumLogBytes = 16 << 20

    /// Time for `initdb`.
    public var initializeDeadline: Duration = .seconds(120)

    /// Time from the start of the server until it answers; recovery after a crash counts.
    public var startDeadline: Duration = .seconds(120)

    /// Time for a clean stop, before open connections and work in progress are cut off.
    public var stopDeadline: Duration = .seconds(30)

    /// The defaults for a cluster in this folder.
    public init(folder: String) {
        self.folder = folder
    }

    /// The name of the cluster's folder in a manager's data folder.
    public static let folderName = "postgres"

    /// The defaults for the cluster of a manager with this data folder.
    public init(in dataFolder: String) { self.init(folder: dataFolder + "/" + Self.folderName) }
}

/// The paths inside a cluster's folder.
struct EmbeddedClusterLayout: Sendable {
    let folder: String

    /// The data folder of PostgreSQL.
    var data: String { folder + "/data" }

    /// Where `initdb` works. Only a complete data folder gets its final name.
    var unfinishedData: String { folder + "/data.new" }

    /// Held by the manager that runs the cluster.
    var lock: String { folder + "/manager.lock" }

    /// The server's log.
    var log: String { folder + "/postgres.log" }

    /// The authentication rules: which user logs in as which role.
    var hostAccess: String { folder + "/hba.conf" }

    /// Which users of the system may be which role.
    var identMap: String { folder + "/ident.conf" }

    /// The server's process id and other facts, while it runs.
    var processFile: String { data + "/postmaster.pid" }

    /// The folder of the Unix socket: inside the cluster's folder, if its path is short enough for an address.
    ///
    /// Otherwise it is a short one under `/tmp` whose name follows from the cluster's folder.
    func socketFolder(maximumBytes: Int) -> String {
        let own = folder + "/run"
        return own.utf8.count <= maximumBytes ? own : "/tmp/supamanager-\(String(folderHash, radix: 16))"
    }

    /// FNV-1a over the path: short, stable, and enough to keep a few clusters of one host apart.
    private var folderHash: UInt64 {
        folder.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
