import CPostgres

/// Where a PostgreSQL server is and who logs in. Printing it never shows the password.
public struct PostgresConnectionParameters: Sendable, Equatable {
    /// A host name, an address, or the folder of a Unix socket (then it starts with `/`).
    public var host: String

    /// The TCP port, or the number in the Unix socket's name.
    public var port: Int

    /// The role that logs in.
    public var user: String

    /// The database.
    public var database: String

    /// The role's password; nil where the server asks for none.
    public var password: String?

    /// Further keywords of libpq, for instance `sslmode` or `application_name`; they win over the kit's defaults.
    public var options: [String: String]

    /// Whether the password is answered with a SCRAM proof only, to a server that proves to know it too. libpq from 16
    /// on has `require_auth` for it; here it holds with every libpq. Needs `sslmode=disable` or a Unix socket.
    public var requiresScram = false

    /// Names a server, a role and a database.
    public init(
        host: String, port: Int = Self.defaultPort, user: String, database: String, password: String? = nil,
        options: [String: String] = [:]
    ) {
        self.host = host
        self.port = port
        self.user = user
        self.database = database
        self.password = password
        self.options = options
    }

    /// PostgreSQL's own port.
    public static let defaultPort = 5432

    /// The server's address for messages: host and port, or the path of the Unix socket.
    public var address: String {
        if host.hasPrefix("/") { return "\(host)/.s.PGSQL.\(port)" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Whether what the server sends can be inspected before libpq takes it: over a Unix socket or without TLS.
    public var canBeInspected: Bool { host.hasPrefix("/") || options["sslmode"] == "disable" }

    /// Reads a connection URL (`postgresql://user:password@host:port/database?sslmode=…`) or a `key=value` string.
    ///
    /// - Throws: ``PostgresError/invalidConfiguration(reason:)``. The reason does not repeat the text, because a
    ///   password with an unescaped `/` or `@` makes libpq quote a part of it.
    public init(url: String) throws(PostgresError) {
        var values = try Self.parse(url)
        guard let user = values.removeValue(forKey: "user"), !user.isEmpty else {
            throw .invalidConfiguration(reason: "the database URL names no user")
        }
        let portText = values.removeValue(forKey: "port") ?? String(Self.defaultPort)
        guard let port = Int(portText), (1...65_535).contains(port) else {
            throw .invalidConfiguration(reason: "the database URL's port is not a number from 1 to 65535")
        }
        self.init(
            host: values.removeValue(forKey: "host") ?? "localhost", port: port, user: user,
            database: values.removeValue(forKey: "dbname") ?? user,
            password: values.removeValue(forKey: "password"), options: values)
    }

    /// The same server and role, another database.
    public func with(database: String) -> Self {
        var copy = self
        copy.database = database
        return copy
    }

    private static func parse(_ url: String) throws(PostgresError) -> [String: String] {
        var message: UnsafeMutablePointer<CChar>?
        guard let first = PQconninfoParse(url, &message) else {
            if let message { PQfreemem(message) }
            throw .invalidConfiguration(
                reason: "the database URL is not valid; percent-encode special characters of the password")
        }
        defer { PQconninfoFree(first) }
        var values: [String: String] = [:]
        var option = first
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { values[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return values
    }
}

extension PostgresConnectionParameters: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Host, port, role and database, without the password.
    public var description: String { "postgresql://\(user)@\(host):\(port)/\(database)" }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// A mirror that has no password.
    public var customMirror: Mirror {
        Mirror(self, children: ["host": host, "port": port, "user": user, "database": database])
    }
}

extension PostgresConnectionParameters {
    /// All keywords for libpq: the kit's defaults, the caller's options over them, and who and where.
    func keywords() throws(PostgresError) -> [(keyword: String, value: String)] {
        guard !host.hasPrefix("/") || host.utf8.count <= PostgresProtocolLimit.socketFolderBytes else {
            throw .invalidConfiguration(
                reason: "the socket folder \(host) is longer than \(PostgresProtocolLimit.socketFolderBytes) bytes, "
                    + "the most a Unix socket address can hold")
        }
        var all = Self.defaults.merging(options) { _, own in own }
        all["options"] = Self.sessionSettings + (options["options"].map { " " + $0 } ?? "")
        all["host"] = host
        all["port"] = String(port)
        all["user"] = user
        all["dbname"] = database
        all["password"] = password
        guard !all.values.contains(where: { $0.utf8.contains(0) }) else {
            throw .invalidConfiguration(reason: "a connection parameter holds a NUL character")
        }
        return all.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// No Kerberos look-ups; a peer that vanished without a word is noticed within about a minute.
    private static let defaults = [
        "client_encoding": "UTF8", "gssencmode": "disable", "keepalives": "1", "keepalives_idle": "30",
        "keepalives_interval": "10", "keepalives_count": "3", "tcp_user_timeout": "60000",
    ]

    /// The text forms that the kit reads, independent of the server's and the role's own settings.
    private static let sessionSettings =
        "-c DateStyle=ISO -c TimeZone=UTC -c bytea_output=hex -c extra_float_digits=1 "
        + "-c standard_conforming_strings=on"
}
