import ProjectModel
import Reconciler

extension DockerContainerEngine {
    /// Lists hold neither start times nor exit codes: that takes one inspection each, unless the cached one is still
    /// valid.
    func inspected(
        _ summaries: [ContainerSummary], of ref: ProjectRef, on networks: [Network], _ client: DockerClient
    ) async throws -> [InspectCache.Entry] {
        let names = Dictionary(networks.map { ($0.id, $0.name) }) { first, _ in first }
        return try await withThrowingTaskGroup(of: InspectCache.Entry?.self) { group in
            var found: [InspectCache.Entry] = []
            for summary in summaries {
                let run = summary.run
                if let known = inspections.container(run, of: ref) {
                    found.append((run, known))
                    continue
                }
                group.addTask { () async throws -> InspectCache.Entry? in
                    do {
                        let inspection = try await client.inspectContainer(summary.id)
                        return (run, ObservedContainer(summary, inspection, networks: names))
                    } catch let error as DockerError where error.isNotFound {
                        // Removed between the list and the inspection: it is not there.
                        return nil
                    }
                }
            }
            return try await group.reduce(into: found) { if let entry = $1 { $0.append(entry) } }
        }
    }
}

extension ObservedNetwork {
    init(_ network: Network) {
        self.init(
            id: network.id, name: network.name,
            subnet: network.subnets.lazy.compactMap { $0.subnet.flatMap { IPv4Network($0) } }.first)
    }
}

extension ObservedVolume {
    init(_ volume: Volume) {
        self.init(
            name: volume.name, composeName: volume.labels[StackLabels.composeVolume],
            identity: volume.labels[StackLabels.volumeIdentity], createdAt: volume.created.map { Timestamp($0) })
    }
}

extension ObservedContainer {
    /// - Parameter networks: Names of the project's networks by their ids.
    init(_ summary: ContainerSummary, _ inspection: ContainerInspection, networks: [String: String]) {
        let state = inspection.state
        let places = inspection.endpoints.compactMap { key, endpoint -> Attachment? in
            // The engine notes a network's id at the first start; before that it knows the name it was asked for.
            let isOwn = endpoint.networkID.isEmpty && networks.values.contains(key)
            guard let name = networks[endpoint.networkID] ?? (isOwn ? key : nil) else { return nil }
            return Attachment(network: name, address: IPv4Address(endpoint.ipv4Address))
        }
        self.init(
            id: summary.id, name: summary.name,
            service: summary.labels[StackLabels.composeService].flatMap { ServiceName($0) },
            configHash: summary.labels[StackLabels.composeConfigHash] ?? "", state: State(state.status),
            exitCode: state.finishedAt == nil ? nil : state.exitCode,
            startedAt: state.startedAt.map { Timestamp($0) }, restartCount: inspection.restartCount,
            attachments: places.sorted { $0.network < $1.network }, isOutOfMemory: state.wasKilledForMemory)
        isHelper = summary.labels[StackLabels.helper] != nil
    }
}

extension ObservedContainer.State {
    /// A word that we do not know counts as running: what we do not understand is left alone.
    init(_ state: ContainerState) {
        switch state {
        case .created: self = .created
        case .running, .other: self = .running
        case .paused: self = .paused
        case .restarting: self = .restarting
        case .removing: self = .removing
        case .exited: self = .exited
        case .dead: self = .dead
        }
    }
}

extension Timestamp {
    init(_ time: EngineTimestamp) {
        self.init(milliseconds: time.secondsSince1970 * 1_000 + Int64(time.nanoseconds) / 1_000_000)
    }
}
