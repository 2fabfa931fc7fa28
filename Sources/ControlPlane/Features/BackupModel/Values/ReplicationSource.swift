/// Where the PostgreSQL of a cluster is, and who reads it. Printing it never shows the password.
public struct ReplicationSource: Sendable, Equatable {
    /// Whether the connection is encrypted, and what is proved by it; as `sslmode` of libpq.
    public enum TLS: String, Sendable, CaseIterable {
        /// Plain, as inside the machine.
        case disable
        /// Encrypted; the server's certificate is not checked.
        case require
        /// Encrypted, with a certificate of the host's name.
        case verifyFull = "verify-full"
    }

    /// A host name, an address, or the folder of a Unix socket (then it starts with `/`).
    public var host: String
    /// The TCP port, or the number in the Unix socket's name.
    public var port: Int
    /// A role with the attribute REPLICATION, or a superuser.
    public var user: String
    /// Its password; nil where the server asks for none.
    public var password: String?
    /// A database that the role may connect to. Backups hold the whole cluster, whichever it is.
    public var database: String
    public var tls: TLS

    public init(
        host: String, port: Int, user: String, password: String?, database: String, tls: TLS = .disable
    ) {
        self.host = host
        self.port = port
        self.user = user
        self.password = password
        self.database = database
        self.tls = tls
    }
}

extension ReplicationSource: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Host, port, role and database.
    public var description: String { "\(user)@\(host):\(port)/\(database)" }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// A mirror that has no password.
    public var customMirror: Mirror {
        Mirror(self, children: ["host": host, "port": port, "user": user, "database": database])
    }
}
