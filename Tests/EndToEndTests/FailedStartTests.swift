import Foundation
import Testing

extension EndToEnd {
    @Suite("A service that cannot start", .timeLimit(.minutes(5)))
    struct FailedStart {
        /// A change of the template that keeps `imgproxy` from starting, and what the project then has to tell.
        struct Break: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let text: String
            let replacement: String
            /// Expected text, in the message or the tail of the log.
            let reason: String
            /// Whether the service got far enough to log anything.
            var logs = true

            init(_ what: String, replacing text: String, with replacement: String, telling reason: String, logs: Bool) {
                testDescription = what
                self.text = text
                self.replacement = replacement
                self.reason = reason
                self.logs = logs
            }
        }

        static let breaks = [
            Break(
                "a bad variable", replacing: #"IMGPROXY_MAX_SRC_RESOLUTION: "16.8""#,
                with: #"IMGPROXY_MAX_SRC_RESOLUTION: "sixteen""#, telling: "IMGPROXY_MAX_SRC_RESOLUTION must match",
                logs: true),
            Break(
                "an image that does not exist", replacing: "darthsim/imgproxy:v3.31.4",
                with: "darthsim/imgproxy:v0.0.0-absent", telling: "darthsim/imgproxy:v0.0.0-absent", logs: false),
            Break(
                "a service that never answers",
                replacing: "http: { port: 5001, path: /health }\n      boot-seconds: 60",
                with: "http: { port: 5002, path: /health }\n      boot-seconds: 2", telling: "not ready within",
                logs: true),
            Break(
                "a command that does not exist",
                replacing: "image: darthsim/imgproxy:v3.31.4\n",
                with: "image: darthsim/imgproxy:v3.31.4\n    entrypoint: [\"/absent\"]\n", telling: "/absent",
                logs: false),
        ]

        @Test("The project fails with the reason, nothing is left, and it can be deleted", arguments: breaks)
        func tellsWhy(_ change: Break) async throws {
            try await ManagerProcess.with { settings in
                settings.templates = try ChangedTemplate(
                    in: settings.folder, named: "broken", replacing: change.text, with: change.replacement
                ).folder
            } _: { manager in
                let project = try await Project.create("failing", services: ["imgproxy", "gateway"], by: manager)
                let statuses = try await project.wait(for: "INIT_FAILED")
                #expect(Set(statuses).isSubset(of: ["COMING_UP", "INIT_FAILED"]))
                let failure = try await manager.client.must("GET", project.path + "/services")["failure"]
                #expect(failure["service"].text == "imgproxy")
                let told = (failure["message"].text ?? "") + "\n" + (failure["log_tail"].text ?? "")
                #expect(told.contains(change.reason), "\(told)")
                #expect((failure["log_tail"].text?.isEmpty == false) == change.logs, "\(failure)")
                #expect(try await project.inventory().names == [])
                #expect(!FileManager.default.fileExists(atPath: project.folder))
                #expect(try await project.events().contains { $0.status == "INIT_FAILED" })

                try await project.delete()
                try await project.waitUntilGone()
            }
        }

        @Test("A secret that a failing service prints is not told")
        func redactsSecrets() async throws {
            try await ManagerProcess.with { settings in
                settings.templates = try ChangedTemplate(
                    in: settings.folder, named: "talkative",
                    replacing: "entrypoint: [/bin/sh, /etc/supamanager/start.sh]\n",
                    with: """
                        entrypoint: ["/bin/sh", "-c", 'echo "the secret is <$$JWT_SECRET>"; exit 3']

                        """
                ).folder
            } _: { manager in
                let project = try await Project.create("talkative", services: ["db", "functions"], by: manager)
                let secret = try #require(try await project.settings()["jwt_secret"].text)
                try await project.wait(for: "INIT_FAILED")
                let services = try await manager.client.send("GET", project.path + "/services")
                let tail = try #require(services.json["failure"]["log_tail"].text)
                #expect(tail.contains("the secret is <"), "\(tail)")
                #expect(!services.text.contains(secret))
                #expect(!manager.log.contains(secret))
            }
        }

        @Test("Once the cause is gone, a resume brings the project up")
        func comesUpAfterRepair() async throws {
            try await ManagerProcess.with { manager in
                let change = Self.breaks[0]
                let broken = try ChangedTemplate(
                    in: manager.settings.folder, named: "broken", replacing: change.text, with: change.replacement)
                try await manager.stop()
                try await manager.start(templates: broken.folder)
                let project = try await Project.create("repaired", services: ["imgproxy"], by: manager)
                try await project.wait(for: "INIT_FAILED")
                try await manager.stop()
                try await manager.start()
                #expect(try await project.status() == "INIT_FAILED")
                try await project.ask(for: "resume")
                try await project.wait(for: "ACTIVE_HEALTHY")
                #expect(try await manager.client.must("GET", project.path + "/services")["failure"] == .null)
            }
        }
    }
}
