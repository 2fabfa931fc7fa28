import Foundation
import Testing

extension EndToEnd {
    @Suite("The check of a live installation", .timeLimit(.minutes(5)))
    struct Consistency {
        private static let route = "/platform/debug/consistency"

        /// What the manager finds now that is worse than `severity`.
        private func findings(_ manager: ManagerProcess, _ severities: Set<String> = ["error"]) async throws
            -> [JSONValue]
        {
            let answer = try await manager.client.send("POST", Self.route)
            #expect(answer.status == 200, "\(answer.text)")
            return answer.json["findings"].items.filter { severities.contains($0["severity"].text ?? "") }
        }

        @Test("A healthy installation has no errors; every breakage is found and reported with what to do")
        func breakages() async throws {
            try await ManagerProcess.with { manager in
                let project = try await Project.active("checked", services: ["db", "gateway"], by: manager)
                let healthy = try await findings(manager)
                #expect(healthy.isEmpty, "\(healthy)")

                let folder = manager.settings.dataFolder + "/projects/"
                try FileManager.default.createDirectory(
                    atPath: folder + "stray", withIntermediateDirectories: false)
                let installation = try #require(manager.installation)
                let network = "smtest-e2e-\(manager.settings.port)-lost"
                let labels = [
                    "supamanager.installation": installation, "supamanager.project": "zzzzzzzzzzzzzzzzzzzz",
                ]
                try await Engine.mustCall(
                    "POST", "/networks/create", body: jsonText(["Name": network, "Labels": labels]))
                let outcome: Result<Void, any Error>
                do {
                    try await expectFound(project, folder: folder, network: network, manager: manager)
                    outcome = .success(())
                } catch { outcome = .failure(error) }
                try await Engine.mustCall("DELETE", "/networks/\(network)")
                try outcome.get()
            }
        }

        private func expectFound(
            _ project: Project, folder: String, network: String, manager: ManagerProcess
        ) async throws {
            let warnings = try await findings(manager, ["warning"])
            #expect(subjects("objects.known", warnings) == [network])
            #expect(subjects("folders.known", warnings) == ["stray"])

            try await project.ask(for: "pause")
            try await project.wait(for: "INACTIVE")
            let port = try #require(try await project.ports().gateway)
            let thief = try PortHolder(port)
            let kept = folder + project.ref
            try FileManager.default.moveItem(atPath: kept, toPath: kept + "-away")
            let errors = try await findings(manager)
            #expect(subjects("ports.own", errors) == ["port \(thief.port)"])
            #expect(subjects("folders.present", errors) == [project.ref])
            #expect(errors.allSatisfy { $0["project_ref"].text == project.ref && $0["advice"].text?.isEmpty == false })
            try FileManager.default.moveItem(atPath: kept + "-away", toPath: kept)
        }

        private func subjects(_ id: String, _ findings: [JSONValue]) -> [String] {
            findings.filter { $0["id"].text == id }.compactMap { $0["subject"].text }
        }

        @Test("doctor asks a running manager, and checks the machine where none runs")
        func doctor() async throws {
            try await ManagerProcess.with { manager in
                let asked = try await doctor(manager)
                #expect(asked.output.contains("audit.whole"), "\(asked.output)")
                try await manager.stop()
                try FileManager.default.setAttributes(
                    [.posixPermissions: 0o644], ofItemAtPath: manager.settings.keyFile)
                let alone = try await doctor(manager)
                #expect(alone.exitCode == 1)
                #expect(alone.output.contains("No manager was asked"), "\(alone.output)")
                #expect(alone.output.contains("chmod 600 \(manager.settings.keyFile)"), "\(alone.output)")
                #expect(alone.output.contains("engine.fit") && !alone.output.contains("audit.whole"))
                try FileManager.default.setAttributes(
                    [.posixPermissions: 0o600], ofItemAtPath: manager.settings.keyFile)
            }
        }

        private func doctor(_ manager: ManagerProcess) async throws -> Command {
            let environment = manager.settings.environment.merging([
                "SUPAMANAGER_API_URL": "http://127.0.0.1:\(manager.settings.port)",
                "SUPAMANAGER_ACCESS_TOKEN": manager.settings.token, "HOME": manager.settings.folder,
            ]) { $1 }
            return try await Command.run([Repository.binary, "doctor"], environment: environment)
        }
    }
}
