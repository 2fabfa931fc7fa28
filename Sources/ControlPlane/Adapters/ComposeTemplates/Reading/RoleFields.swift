import ProjectModel
import YAMLKit

extension NodeCursor {
    /// Leased ports: a mapping of variables to what each leads to, or a list of variables.
    func templatePorts() -> [TemplatePort] {
        guard node.mapping != nil else {
            return elements().compactMap { $0.variableName().map { TemplatePort(name: $0) } }
        }
        return entries().compactMap { name, value in
            guard value.isVariableName(name) else { return nil }
            var port = TemplatePort(name: name)
            value.read(
                into: &port, fields: ["purpose": field(\.purpose) { $0.option(PortPurpose.self) }],
                allowsExtensions: false)
            return port
        }
    }

    /// A mapping whose keys are values of an enumeration.
    func options<Key, Value>(_ read: (NodeCursor) -> Value?) -> [Key: Value]
    where Key: RawRepresentable<String> & CaseIterable & Hashable {
        entries().reduce(into: [:]) { result, entry in
            guard let key = Key(rawValue: entry.key) else {
                let known = Key.allCases.map(\.rawValue).joined(separator: ", ")
                entry.value.failAtKey(.unsupported, "unknown key; there are \(known)")
                return
            }
            if let value = read(entry.value) { result[key] = value }
        }
    }

    func serviceName() -> String? {
        guard let text = nonEmptyString() else { return nil }
        guard ServiceName(text) != nil else {
            fail("\(shown) is no name of a service")
            return nil
        }
        return text
    }

    /// Names of the Management API, with the role that each stands for.
    func apiNames() -> [String: ServiceRole] {
        entries().reduce(into: [:]) { result, entry in
            if let role = entry.value.option(ServiceRole.self) { result[entry.key] = role }
        }
    }

    /// The settings of the Management API by area and key, with their variables.
    func settingNames() -> [SettingName: String] {
        let areas: [SettingName.Area: [String: String]] = options { cursor in
            cursor.entries().reduce(into: [:]) { result, entry in
                if let variable = entry.value.variableName() { result[entry.key] = variable }
            }
        }
        return areas.reduce(into: [:]) { result, area in
            for (key, variable) in area.value { result[SettingName(area.key, key)] = variable }
        }
    }

    /// The name of a PostgreSQL role, schema or database: at most 63 bytes, no control characters.
    func sqlName() -> String? {
        form("a name of at most \(DatabaseRoles.nameBytesMax) bytes without control characters") { text in
            !text.isEmpty && text.utf8.count <= DatabaseRoles.nameBytesMax
                && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
        }
    }
}

extension DatabaseRoles {
    init?(reading cursor: NodeCursor) {
        self.init(database: "", owner: "", administrator: "")
        cursor.demandKeys(["name", "owner", "administrator"])
        cursor.read(into: &self, fields: Self.fields, allowsExtensions: false)
        guard !database.isEmpty, !owner.isEmpty, !administrator.isEmpty else { return nil }
    }

    private static let fields: FieldTable<DatabaseRoles> = [
        "name": field(\.database) { $0.sqlName() },
        "owner": field(\.owner) { $0.sqlName() },
        "administrator": field(\.administrator) { $0.sqlName() },
        "read-only": field(\.readOnly) { $0.sqlName() },
        "sharing-password": field(\.sharingPassword) { $0.elements().compactMap { $0.sqlName() } },
        "replication": field(\.replication) { ReplicationAccess(reading: $0) },
        "service-schemas": field(\.serviceSchemas) { $0.elements().compactMap { $0.sqlName() } },
    ]
}

extension ReplicationAccess {
    init?(reading cursor: NodeCursor) {
        self.init(role: "", volume: "")
        cursor.demandKeys(["role", "volume"])
        cursor.read(into: &self, fields: Self.fields, allowsExtensions: false)
        guard !role.isEmpty, !volume.isEmpty else { return nil }
    }

    private static let fields: FieldTable<ReplicationAccess> = [
        "role": field(\.role) { $0.sqlName() },
        "volume": field(\.volume) { $0.nonEmptyString() },
    ]
}

extension DatabaseRoles {
    /// Bytes of an identifier of PostgreSQL (`NAMEDATALEN` - 1).
    static let nameBytesMax = 63
}
