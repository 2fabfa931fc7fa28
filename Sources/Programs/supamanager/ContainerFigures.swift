import DockerEngine
import Installation
import LinuxHost
import Orchestrator
import ProjectModel
import UsageModel

/// Reads what containers use: from the kernel's files where they are those of this host, else from the engine.
struct ContainerFigures: ContainerMeter {
    let engine: DockerContainerEngine
    let groups: ControlGroups

    /// Containers that the engine is asked about in one round: each costs it up to a second.
    static let askedMax = 100
    /// Of them at the same time.
    static let parallelMax = 8

    func readings() async throws -> [ContainerReading] {
        var readings: [ContainerReading] = []
        var unknown: [RunningContainer] = []
        for container in try await engine.runningContainers().prefix(UsageLimits.containersMax) {
            guard let figures = try groups.figures(ofContainer: container.id) else {
                unknown.append(container)
                continue
            }
            readings.append(
                ContainerReading(
                    container: container.id, ref: container.ref, cpuNanoseconds: figures.cpuNanoseconds,
                    memoryBytes: figures.memoryBytes))
        }
        return readings + (try await ask(unknown.prefix(Self.askedMax)))
    }

    /// What running containers use at present, of one project or of all, from the kernel's files alone: a scraper comes
    /// often. One that has no figures there has none.
    func current(of ref: ProjectRef?) async throws -> [ContainerFigure] {
        var figures: [ContainerFigure] = []
        for container in try await engine.runningContainers().prefix(UsageLimits.containersMax) {
            guard let service = container.service, ref == nil || container.ref == ref else { continue }
            let found = try groups.figures(ofContainer: container.id, whole: true)
            figures.append(
                ContainerFigure(
                    ref: container.ref, service: service, cpuSeconds: found.map { Double($0.cpuNanoseconds) / 1e9 },
                    memoryBytes: found?.memoryBytes, memoryLimitBytes: found?.memoryLimitBytes,
                    outOfMemoryKills: found?.outOfMemoryKills, processes: found?.processes))
        }
        return figures
    }

    private func ask(_ containers: ArraySlice<RunningContainer>) async throws -> [ContainerReading] {
        try await withThrowingTaskGroup(of: ContainerReading?.self) { group in
            var readings: [ContainerReading] = []
            for (number, container) in containers.enumerated() {
                if number >= Self.parallelMax, let reading = try await group.next() ?? nil { readings.append(reading) }
                group.addTask { try await reading(of: container) }
            }
            for try await reading in group { if let reading { readings.append(reading) } }
            return readings
        }
    }

    /// Nil for a container that has ended meanwhile.
    private func reading(of container: RunningContainer) async throws -> ContainerReading? {
        let stats: ContainerStats
        do throws(EngineError) { stats = try await engine.stats(ofContainer: container.id) } catch {
            if case .notFound = error { return nil }
            throw error
        }
        guard stats.readAt != nil else { return nil }
        return ContainerReading(
            container: container.id, ref: container.ref, cpuNanoseconds: stats.processorNanoseconds,
            memoryBytes: stats.memoryBytes)
    }
}
