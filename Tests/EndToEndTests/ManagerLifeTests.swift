import Foundation
import Testing

extension EndToEnd {
    @Suite("The manager's own life", .sharedProject("Lasting", services: ["gateway"]), .timeLimit(.minutes(5)))
    struct ManagerLife {
        @Test("SIGTERM ends it with code 0 and leaves containers running; a new start keeps projects, keys and ports")
        func restart() async throws {
            let project = try sharedProject()
            let manager = project.manager
            let settings = try await project.settings()
            let before = try await project.inventory()
            let history = try await project.events().count
            #expect(try await manager.stop() == 0)
            let between = try await project.inventory()
            #expect(between.containers.map(\.details["State"]) == before.containers.map(\.details["State"]))
            try await manager.start()
            #expect(try await project.settings() == settings)
            try await project.wait(for: "ACTIVE_HEALTHY")
            let after = try await project.inventory()
            #expect(after.containers.map(\.details["State"]) == before.containers.map(\.details["State"]))
            try await waitUntilProbed(project)
            #expect(try await project.events().count == history, "nothing has happened to the project")
        }

        @Test("The master key is for its owner alone")
        func keyRights() throws {
            let file = try sharedManager().settings.keyFile
            let attributes = try FileManager.default.attributesOfItem(atPath: file)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }

        @Test("Without its master key it refuses to start, and makes no new one")
        func missingKey() async throws {
            let manager = try sharedManager()
            let file = manager.settings.keyFile
            let key = try #require(FileManager.default.contents(atPath: file))
            try await manager.stop()
            try FileManager.default.removeItem(atPath: file)
            let told = try await refusal(of: manager)
            #expect(told.contains("master key") && told.contains(file), "\(told)")
            #expect(!FileManager.default.fileExists(atPath: file))
            try write(key, to: file)
            try await manager.start()
            try await sharedProject().wait(for: "ACTIVE_HEALTHY")
        }

        @Test(
            "With a wrong or damaged master key it refuses to start, and leaves the file alone", arguments: [32, 31, 0])
        func wrongKey(byteCount: Int) async throws {
            let manager = try sharedManager()
            let file = manager.settings.keyFile
            let key = try #require(FileManager.default.contents(atPath: file))
            let wrong = Data((0..<byteCount).map { _ in UInt8.random(in: 0...255) })
            try await manager.stop()
            try write(wrong, to: file)
            let told = try await refusal(of: manager)
            #expect(told.contains("master key"), "\(told)")
            #expect(FileManager.default.contents(atPath: file) == wrong)
            try write(key, to: file)
            try await manager.start()
            try await sharedProject().wait(for: "ACTIVE_HEALTHY")
        }

        @Test("A second manager on the same data folder is refused, and the first keeps running")
        func secondManager() async throws {
            let settings = try sharedManager().settings
            let run = try await Command.run([Repository.binary, "serve"], environment: settings.environment)
            #expect(run.exitCode != 0)
            #expect(run.output.contains(settings.dataFolder), "\(run.output)")
            #expect(try await sharedProject().status() == "ACTIVE_HEALTHY")
        }

        @Test("A setting that cannot be used is a clear refusal that names it")
        func badSettings() async throws {
            let environment = try sharedManager().settings.environment
            for (name, value) in [
                ("SUPAMANAGER_PORT_RANGE", "9-1"), ("SUPAMANAGER_SUBNET_POOL", "10.0.0.0/30"),
                ("SUPAMANAGER_LISTEN", "x"),
                ("SUPAMANAGER_BIND_ADDRESS", "everywhere"),
            ] {
                let run = try await Command.run(
                    [Repository.binary, "serve"], environment: environment.merging([name: value]) { $1 })
                #expect(run.exitCode != 0)
                #expect(run.output.contains(name) && run.output.contains(value), "\(run.output)")
            }
        }

        @Test("An access token of the wrong form is refused without being repeated")
        func badToken() async throws {
            let environment = try sharedManager().settings.environment.merging(["SUPAMANAGER_ADMIN_TOKEN": "hunter2"]) {
                $1
            }
            let run = try await Command.run([Repository.binary, "serve"], environment: environment)
            #expect(run.exitCode != 0)
            #expect(run.output.contains("sbp_") && !run.output.contains("hunter2"), "\(run.output)")
        }

        /// Waits until the manager has seen every service answer.
        private func waitUntilProbed(_ project: Project) async throws {
            _ = try await eventually("probed services", within: Project.deadline) {
                let services = try await project.manager.client.must("GET", project.path + "/services")["services"]
                    .items
                return !services.isEmpty && services.allSatisfy { $0["state"].text == "ready" } ? true : nil
            }
        }

        /// What a manager says that refuses to start.
        private func refusal(of manager: ManagerProcess) async throws -> String {
            let known = manager.log.count
            #expect(try await manager.startExpectingRefusal() != 0)
            return String(manager.log.dropFirst(known))
        }

        private func write(_ key: Data, to file: String) throws {
            guard FileManager.default.createFile(atPath: file, contents: key, attributes: [.posixPermissions: 0o600])
            else { throw Trouble("cannot write \(file)") }
        }
    }
}
