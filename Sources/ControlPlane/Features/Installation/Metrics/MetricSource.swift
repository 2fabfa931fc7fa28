package import APIKit
package import Orchestrator
package import ProjectModel

/// Where metrics of one kind come from. One that fails is left out of the page, and the page says so.
package struct MetricSource: Sendable {
    /// Its name on the page.
    package let name: String
    package let families: @Sendable () async throws -> [PrometheusText.Family]

    package init(_ name: String, families: @escaping @Sendable () async throws -> [PrometheusText.Family]) {
        (self.name, self.families) = (name, families)
    }
}

/// What the metrics pages show beside what the manager's own records have.
package struct MetricSources: Sendable {
    /// Of the whole installation.
    package var manager: [MetricSource]
    /// Of one project.
    package var project: @Sendable (ProjectRecord) -> [MetricSource]
    /// Whether the manager's page has series of each project.
    package var withProjects: Bool

    package init(
        manager: [MetricSource] = [], project: @escaping @Sendable (ProjectRecord) -> [MetricSource] = { _ in [] },
        withProjects: Bool = false
    ) {
        (self.manager, self.project, self.withProjects) = (manager, project, withProjects)
    }
}

/// The newest backups of a project.
package struct BackupFigure: Sendable, Equatable {
    package let ref: ProjectRef
    /// When the newest one that was restored for a trial was taken.
    package let verifiedAt: Timestamp?
    /// Bytes in the store of the newest one.
    package let storedBytes: Int64?

    package init(ref: ProjectRef, verifiedAt: Timestamp?, storedBytes: Int64?) {
        (self.ref, self.verifiedAt, self.storedBytes) = (ref, verifiedAt, storedBytes)
    }
}

/// What a container uses. What is not known is nil.
package struct ContainerFigure: Sendable, Equatable {
    package let ref: ProjectRef
    package let service: String
    package var cpuSeconds: Double?
    package var memoryBytes: UInt64?
    /// Nil for no limit, too.
    package var memoryLimitBytes: UInt64?
    package var outOfMemoryKills: UInt64?
    package var processes: UInt64?

    package init(
        ref: ProjectRef, service: String, cpuSeconds: Double? = nil, memoryBytes: UInt64? = nil,
        memoryLimitBytes: UInt64? = nil, outOfMemoryKills: UInt64? = nil, processes: UInt64? = nil
    ) {
        (self.ref, self.service, self.cpuSeconds, self.memoryBytes) = (ref, service, cpuSeconds, memoryBytes)
        (self.memoryLimitBytes, self.outOfMemoryKills, self.processes) = (memoryLimitBytes, outOfMemoryKills, processes)
    }
}

/// What a project's database server says of itself.
package struct DatabaseFigure: Sendable, Equatable {
    /// A database of the server.
    package struct Database: Sendable, Equatable {
        package let name: String
        package let sizeBytes: Int64
        package let sessions: Int64

        package init(name: String, sizeBytes: Int64, sessions: Int64) {
            (self.name, self.sizeBytes, self.sessions) = (name, sizeBytes, sessions)
        }
    }

    package let databases: [Database]
    package let sessionsMax: Int64

    package init(databases: [Database], sessionsMax: Int64) {
        (self.databases, self.sessionsMax) = (databases, sessionsMax)
    }
}
