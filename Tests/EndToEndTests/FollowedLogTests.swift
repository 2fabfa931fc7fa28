import Testing

extension EndToEnd {
    @Suite("Logs that are followed", .sharedManager, .timeLimit(.minutes(5)))
    struct FollowedLogs {
        @Test(
            "a log is followed over restarts of its service and of the manager, each line once, until the project is gone"
        )
        func wholeLife() async throws {
            let manager = try sharedManager()
            let project = try await Project.active("followed", services: ["db", "imgproxy"], by: manager)
            async let followed = Command.run(
                [
                    Repository.binary, "projects", "logs", project.ref, "--service", "imgproxy", "--follow", "--tail",
                    "5",
                ],
                environment: [
                    "SUPAMANAGER_API_URL": "http://127.0.0.1:\(manager.settings.port)",
                    "SUPAMANAGER_ACCESS_TOKEN": manager.settings.token, "HOME": manager.settings.folder,
                ])
            try await write("mark 1", into: project)
            try await project.ask(for: "restart")
            try await project.wait(for: "ACTIVE_HEALTHY")
            try await write("mark 2", into: project)
            try await Task.sleep(for: .seconds(2))
            try await manager.kill()
            try await write("mark 3", into: project)
            try await manager.start()
            try await project.wait(for: "ACTIVE_HEALTHY")
            try await write("mark 4", into: project)
            // Longer than the pause before a stream is opened again.
            try await Task.sleep(for: .seconds(3))
            try await project.delete()
            let ended = try await followed
            #expect(ended.exitCode == 0, "\(ended.output)")
            let marks = ended.output.split(separator: "\n").filter { $0.contains("mark ") }
            #expect(marks == ["mark 1", "mark 2", "mark 3", "mark 4"], "\(ended.output)")
        }

        /// Writes a line into the service's own log.
        private func write(_ line: String, into project: Project) async throws {
            let container = try await project.inventory().container("imgproxy")
            let code = try await Engine.exitCode(
                of: ["/bin/sh", "-c", "echo '\(line)' > /proc/1/fd/1"], in: container.id)
            #expect(code == 0)
        }
    }
}
