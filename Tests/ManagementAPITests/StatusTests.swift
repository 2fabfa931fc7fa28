import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@Suite("Statuses on the wire")
struct StatusTests {
    @Test(
        "no answer holds a status outside Studio's fifteen, whatever the project does",
        arguments: ProjectStatus.allCases.filter { $0 != .deleted })
    func onlyTheFifteen(status: ProjectStatus) async throws {
        let known = Set(StudioStatus.allCases.map { JSONValue.string($0.rawValue) })
        let internalWords = Set(ProjectStatus.allCases.map(\.rawValue)).subtracting(
            StudioStatus.allCases.map(\.rawValue))
        try await APIHost.run { host in
            let ref = try await host.create()
            try await host.bring(ref, to: status)
            let paths = [
                "/platform/projects", "/platform/projects/\(ref)", "/platform/projects/\(ref)/status",
                "/platform/projects/\(ref)/settings", "/platform/projects/\(ref)/services",
                "/platform/projects/\(ref)/events", "/v1/projects", "/v1/projects/\(ref)",
            ]
            for path in paths {
                let answer = try await host.send("GET", path)
                #expect(answer.status == 200)
                let statuses = try answer.json.all("status")
                #expect(!statuses.isEmpty, "\(path)")
                #expect(statuses.allSatisfy(known.contains), "\(path): \(statuses)")
            }
            for (method, path) in [("POST", "pause"), ("POST", "restore"), ("POST", "restart"), ("DELETE", "")] {
                let suffix = path.isEmpty ? "" : "/\(path)"
                let answer = try await host.send(method, "/platform/projects/\(ref)\(suffix)")
                #expect([200, 201, 409].contains(answer.status))
                let words = answer.text.split { !$0.isLetter && $0 != "_" }.map(String.init)
                #expect(internalWords.isDisjoint(with: words), "\(answer.text)")
                if answer.status == 200, let status = try answer.json["status"] { #expect(known.contains(status)) }
            }
        }
    }

    @Test("a project that is coming up is never in a status at which the Terraform provider gives up")
    func neverTerminalOnTheWayUp() {
        let terminal: Set<StudioStatus> = [
            .goingDown, .initFailed, .removed, .inactive, .pauseFailed, .restoreFailed,
        ]
        for status in [
            ProjectStatus.provisioning, .starting, .active, .degraded, .resuming, .restarting, .upgrading, .reverting,
        ] {
            #expect(!terminal.contains(status.studioStatus))
        }
    }
}
