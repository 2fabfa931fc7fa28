import Foundation
import Testing

/// The real program on the real engine, with the offline images. All suites are in here, since they must not run
/// beside one another: on a small machine a project that shares it with ten others is slow to come up.
@Suite(
    "A project on the real engine", .serialized, .bystanders, .reportingManager,
    .enabled("needs a Docker Engine with the offline images (scripts/make-test-images) and the program") {
        let hasImages = await Engine.hasImages()
        return Repository.hasBinary && hasImages
    })
enum EndToEnd {}

/// Runs a suite with one manager and, where wanted, one project.
struct SharedProjectTrait: SuiteTrait, TestScoping {
    /// The name of the project; none is made without.
    let name: String?
    /// Its services; all when absent.
    let services: [String]?

    /// What the tests of a suite share.
    struct Fixture: Sendable {
        let manager: ManagerProcess
        let project: Project?
        /// Statuses of the project from its creation on.
        let statuses: [String]
    }

    @TaskLocal static var fixture: Fixture?

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await ManagerProcess.with { manager in
            var project: Project?
            var statuses: [String] = []
            if let name {
                let created = try await Project.create(name, services: services, by: manager)
                statuses = [created.created["status"].text ?? ""] + (try await created.wait(for: "ACTIVE_HEALTHY"))
                project = created
            }
            let fixture = Fixture(manager: manager, project: project, statuses: statuses)
            try await Self.$fixture.withValue(fixture) { try await function() }
        }
    }
}

extension Trait where Self == SharedProjectTrait {
    /// A manager for the suite.
    static var sharedManager: Self { SharedProjectTrait(name: nil, services: nil) }

    /// A manager and an active project for the suite, with all services unless some are named.
    static func sharedProject(_ name: String, services: [String]? = nil) -> Self {
        SharedProjectTrait(name: name, services: services)
    }
}

/// The manager of the suite.
func sharedManager() throws -> ManagerProcess {
    try #require(SharedProjectTrait.fixture, "the suite has no .sharedManager or .sharedProject").manager
}

/// The project of the suite, which every test finds active and leaves active.
func sharedProject() throws -> Project {
    try #require(SharedProjectTrait.fixture?.project, "the suite has no .sharedProject")
}

extension Trait where Self == IssueHandlingTrait {
    /// Adds the end of the manager's log to whatever goes wrong.
    static var reportingManager: Self {
        .compactMapIssues { issue in
            // The handler is asked once for every level of suites.
            let title = "the end of the manager's log:"
            var issue = issue
            guard let manager = ManagerProcess.current,
                !issue.comments.contains(where: { $0.rawValue.hasPrefix(title) })
            else { return issue }
            issue.comments.append("\(title)\n\(manager.logTail)")
            return issue
        }
    }
}
