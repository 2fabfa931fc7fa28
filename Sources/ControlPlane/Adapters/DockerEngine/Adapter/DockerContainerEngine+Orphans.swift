public import Orchestrator

extension DockerContainerEngine: OrphanEngine {
    /// Lists everything by the installation's label.
    public func belongings() async throws(EngineError) -> [EngineObject] {
        try await translated { client in
            let filter = StackLabels.filter(installation: self.installation)
            async let networks = client.listNetworks(labels: filter)
            async let volumes = client.listVolumes(labels: filter)
            let containers = try await client.listContainers(labels: filter)
            return containers.map { Self.object(.container, id: $0.id, name: $0.name, labels: $0.labels) }
                + (try await networks).map { Self.object(.network, id: $0.id, name: $0.name, labels: $0.labels) }
                + (try await volumes).map { Self.object(.volume, id: $0.name, name: $0.name, labels: $0.labels) }
        }
    }

    private static func object(
        _ kind: EngineObjectKind, id: String, name: String, labels: [String: String]
    ) -> EngineObject {
        EngineObject(
            key: EngineObjectKey(kind, id), name: name, projectLabel: labels[StackLabels.project] ?? "")
    }

    /// Checks the labels once more, and removes the object by its exact id.
    public func remove(_ object: EngineObject) async throws(EngineError) {
        try await translated { client in
            do {
                let labels = try await Self.labels(of: object.key, client)
                guard labels[StackLabels.installation] == self.installation,
                    labels[StackLabels.project] ?? "" == object.projectLabel
                else {
                    throw EngineError.nameTaken(
                        message: "\(object.key.kind) \(object.name) has other labels now; it is left alone")
                }
                try await Self.remove(object.key, client)
            } catch let error as DockerError where error.isNotFound {}
        }
    }

    private static func labels(of key: EngineObjectKey, _ client: DockerClient) async throws -> [String: String] {
        switch key.kind {
        case .container: try await client.inspectContainer(key.id).labels
        case .network: try await client.inspectNetwork(key.id).labels
        case .volume: try await client.inspectVolume(key.id).labels
        }
    }

    private static func remove(_ key: EngineObjectKey, _ client: DockerClient) async throws {
        switch key.kind {
        case .container: try await client.removeContainer(key.id, force: true)
        case .network: try await client.removeNetwork(key.id)
        case .volume: try await client.removeVolume(key.id)
        }
    }
}
