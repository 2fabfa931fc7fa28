import YAMLKit

extension ComposeDeploy {
    /// Reads `deploy`.
    init(reading cursor: NodeCursor) {
        self.init()
        cursor.read(
            into: &self,
            fields: [
                "resources": { resources, deploy in
                    resources.read(
                        into: &deploy,
                        fields: [
                            "limits": field(\.limits) { ComposeResources(reading: $0) },
                            "reservations": field(\.reservations) { ComposeResources(reading: $0) },
                        ])
                },
                // The normalised form always has it, empty.
                "placement": { placement, _ in
                    guard placement.node.mapping?.isEmpty != true else { return }
                    placement.failAtKey(.unsupported, UnsupportedKeys.ofDeploy["placement"] ?? "not supported")
                },
            ], reasons: UnsupportedKeys.ofDeploy)
    }
}

extension ComposeResources {
    fileprivate init(reading cursor: NodeCursor) {
        self.init()
        cursor.read(
            into: &self,
            fields: [
                "cpus": field(\.cpus) { $0.number() },
                "memory": field(\.memoryBytes) { $0.byteCount() },
                "pids": field(\.pids) { $0.integer(in: -1...Int.max) },
            ],
            reasons: [
                "devices": "not supported: a project gets no device of the host",
                "generic_resources": "not supported: there is no swarm",
            ])
    }
}

extension ComposeUlimit {
    /// Reads `ulimits`: names with one number for both limits, or with `soft` and `hard`.
    static func all(reading cursor: NodeCursor) -> [String: ComposeUlimit] {
        var result: [String: ComposeUlimit] = [:]
        for (name, value) in cursor.entries() {
            if value.node.mapping == nil {
                guard let limit = value.integer(in: -1...Int.max) else { continue }
                result[name] = ComposeUlimit(soft: limit, hard: limit)
                continue
            }
            var limits: (soft: Int?, hard: Int?)
            value.read(
                into: &limits,
                fields: [
                    "soft": { $1.soft = $0.integer(in: -1...Int.max) },
                    "hard": { $1.hard = $0.integer(in: -1...Int.max) },
                ])
            guard let soft = limits.soft, let hard = limits.hard else {
                if value.child("soft") == nil || value.child("hard") == nil { value.fail("needs soft and hard") }
                continue
            }
            result[name] = ComposeUlimit(soft: soft, hard: hard)
        }
        return result
    }
}
