import YAMLKit

extension ComposeVolume {
    /// Reads a volume of the project.
    init(reading cursor: NodeCursor) {
        self.init()
        guard cursor.node.isNull || cursor.node.mapping != nil else {
            cursor.fail("must be a mapping or null, not a \(cursor.node.typeName)")
            return
        }
        cursor.read(into: &self, fields: Self.fields)
        External.check(cursor, isExternal: isExternal, besides: ["name"])
    }

    private static let fields: FieldTable<ComposeVolume> = [
        "name": field(\.name) { $0.nonEmptyString() },
        "driver": field(\.driver) { $0.nonEmptyString() },
        "driver_opts": field(\.driverOptions) { $0.textMap() },
        "labels": field(\.labels) { $0.textMap() },
        "external": { External.read($0, name: &$1.name, isExternal: &$1.isExternal) },
    ]
}

extension ComposeConfig {
    /// Reads a config of the project: exactly one of `file`, `content` and `environment`.
    init?(reading cursor: NodeCursor) {
        var parts = Parts()
        cursor.read(
            into: &parts, fields: Parts.fields,
            reasons: [
                "external": "not supported: there is no swarm that could keep it", "template_driver": "not supported",
                "labels": "not supported",
            ])
        guard parts.sources.count == 1, let source = parts.sources.first else {
            let given = ["file", "content", "environment", "external"].compactMap { cursor.child($0) }
            if given.count != 1 { cursor.failAtKey(.invalid, "needs exactly one of file, content and environment") }
            return nil
        }
        self.init(source)
        name = parts.name
    }

    private struct Parts {
        var name: String?
        var sources: [Source] = []

        static let fields: FieldTable<Parts> = [
            "name": field(\.name) { $0.nonEmptyString() },
            "file": { cursor, parts in parts.sources += cursor.nonEmptyString().map { [.file($0)] } ?? [] },
            "content": { cursor, parts in parts.sources += cursor.string().map { [.content($0)] } ?? [] },
            "environment": { cursor, parts in parts.sources += cursor.nonEmptyString().map { [.environment($0)] } ?? []
            },
        ]
    }
}

extension ComposeConfigMount {
    /// Reads one element of a service's `configs`: a name, or a mapping.
    init?(reading cursor: NodeCursor) {
        guard cursor.node.mapping != nil else {
            guard let name = cursor.nonEmptyString() else { return nil }
            self.init(name)
            return
        }
        self.init("")
        cursor.read(into: &self, fields: Self.fields)
        guard !source.isEmpty else {
            if cursor.child("source") == nil { cursor.fail("needs a source") }
            return nil
        }
    }

    private static let fields: FieldTable<ComposeConfigMount> = [
        "source": field(\.source) { $0.nonEmptyString() },
        "target": field(\.target) { $0.nonEmptyString() },
        "uid": field(\.uid) { $0.text() },
        "gid": field(\.gid) { $0.text() },
        "mode": field(\.mode) { $0.fileMode() },
    ]
}
