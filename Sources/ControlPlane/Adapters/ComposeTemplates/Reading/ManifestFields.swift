import ProjectModel
import YAMLKit

extension ServiceManifest {
    /// Seconds that a service may be given to become ready for the first time.
    static let maximumBootSeconds = 3_600

    /// Reads a service's `x-supamanager`.
    init(reading cursor: NodeCursor) {
        self.init()
        cursor.read(into: &self, fields: Self.fields, allowsExtensions: false)
        if probe != nil, !probes.isEmpty {
            cursor.child("probes")?.failAtKey(.invalid, "probe and probes exclude each other")
        }
    }

    private static let fields: FieldTable<ServiceManifest> = [
        "probes": field(\.probes) { $0.options { ServiceProbe(reading: $0) } },
        "probe": field(\.probe) { ServiceProbe(reading: $0) },
        "optional": field(\.isOptional) { $0.boolean() },
        "boot-seconds": field(\.bootSeconds) { $0.integer(in: 1...maximumBootSeconds) },
        "environment": field(\.environment) { $0.option(EnvironmentSource.self) },
    ]
}

extension ServiceProbe {
    private static let readers: [String: @Sendable (NodeCursor) -> ServiceProbe?] = [
        "http": { HTTPProbe(reading: $0).map { .http($0) } },
        "tcp": { cursor in ProbePort(reading: cursor).map { .tcp(port: $0.port) } },
        "postgres": {
            PostgresProbe(reading: $0).map { .postgres(port: $0.port, user: $0.user, database: $0.database) }
        },
        "exec": { ExecProbe(reading: $0).map { .exec(command: $0.command) } },
    ]

    fileprivate init?(reading cursor: NodeCursor) {
        let entries = cursor.entries()
        var probe: ServiceProbe?
        for (key, value) in entries {
            guard let read = Self.readers[key] else {
                value.failAtKey(.unsupported, "unknown key; a probe is one of http, tcp, postgres, exec")
                continue
            }
            probe = read(value)
        }
        if entries.count != 1, cursor.node.mapping != nil {
            cursor.fail("needs exactly one of http, tcp, postgres, exec")
            return nil
        }
        guard let probe else { return nil }
        self = probe
    }
}

extension NodeCursor {
    fileprivate func probePort() -> Int? { integer(in: 1...65_535) }

    /// Reports the keys of `names` that are missing.
    func demandKeys(_ names: [String]) {
        guard node.mapping != nil || node.isNull else { return }
        for name in names where child(name) == nil { fail("needs \(name)") }
    }
}

extension HTTPProbe {
    fileprivate init?(reading cursor: NodeCursor) {
        self.init(port: 0, path: "")
        cursor.demandKeys(["port", "path"])
        cursor.read(into: &self, fields: Self.fields, allowsExtensions: false)
        guard port > 0, !path.isEmpty else { return nil }
    }

    private static let fields: FieldTable<HTTPProbe> = [
        "port": field(\.port) { $0.probePort() },
        "path": field(\.path) { cursor in
            cursor.form("a path that starts with /") { text in
                text.hasPrefix("/") && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            }
        },
        "status": field(\.status) { $0.integer(in: 100...599) },
        "headers": field(\.headers) { cursor in
            let headers = cursor.textMap()
            if headers.contains(where: { ($0.key + $0.value).utf8.contains { $0 < 0x20 } }) {
                cursor.fail("a header has a control character")
            }
            return headers
        },
        "host": field(\.host) { $0.nonEmptyString() },
    ]
}

private struct ProbePort {
    var port = 0

    init?(reading cursor: NodeCursor) {
        cursor.demandKeys(["port"])
        cursor.read(into: &self, fields: ["port": field(\.port) { $0.probePort() }], allowsExtensions: false)
        guard port > 0 else { return nil }
    }
}

private struct PostgresProbe {
    var port = 0
    var user = ""
    var database = ""

    init?(reading cursor: NodeCursor) {
        cursor.demandKeys(["port", "user", "database"])
        cursor.read(
            into: &self,
            fields: [
                "port": field(\.port) { $0.probePort() }, "user": field(\.user) { $0.nonEmptyString() },
                "database": field(\.database) { $0.nonEmptyString() },
            ], allowsExtensions: false)
        guard port > 0, !user.isEmpty, !database.isEmpty else { return nil }
    }
}

private struct ExecProbe {
    var command: [String] = []

    init?(reading cursor: NodeCursor) {
        cursor.demandKeys(["command"])
        cursor.read(into: &self, fields: ["command": field(\.command) { $0.texts() }], allowsExtensions: false)
        guard !command.isEmpty else {
            if let given = cursor.child("command"), given.node.sequence?.isEmpty == true {
                given.fail("must not be empty")
            }
            return nil
        }
    }
}
