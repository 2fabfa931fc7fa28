public import Orchestrator
public import ProjectModel
import Reconciler

/// A running container of a project.
public struct RunningContainer: Sendable, Equatable {
    public let id: String
    public let ref: ProjectRef
    /// Its service in the project; nil for one that has none.
    public let service: String?
}

extension DockerContainerEngine {
    /// The running containers of the installation's projects, from one list.
    public func runningContainers() async throws(EngineError) -> [RunningContainer] {
        try await translated { client in
            var running: [RunningContainer] = []
            for try await container in try await client.listContainersBriefly() {
                guard container.state == .running, container.installation == self.installation,
                    let ref = container.project.flatMap({ ProjectRef($0) })
                else { continue }
                running.append(RunningContainer(id: container.id, ref: ref, service: container.service))
            }
            return running
        }
    }

    /// The engine's own figures of a container, which take it up to a second.
    public func stats(ofContainer id: String) async throws(EngineError) -> ContainerStats {
        try await translated { client in try await client.stats(of: id) }
    }
}
