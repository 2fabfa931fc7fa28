import Foundation
import Testing

extension EndToEnd {
    @Suite("Services without a login of their own", .timeLimit(.minutes(8)))
    struct AdminNetwork {
        private static let services = [
            "db", "gateway", "auth", "rest", "realtime", "storage", "imgproxy", "meta", "functions", "studio",
        ]
        private static let ports: [String: UInt16] = ["meta": 8080, "studio": 3000]

        /// meta and studio by name and by each of their addresses.
        private func doors(of project: Project) async throws -> Set<Project.Target> {
            let inventory = try await project.inventory()
            var doors: Set<Project.Target> = []
            for container in inventory.containers {
                guard let port = Self.ports[container.service] else { continue }
                for host in [container.service] + container.addresses {
                    doors.insert(Project.Target(host: host, port: port))
                }
            }
            return doors
        }

        private func expectSQL(through project: Project, _ moment: Comment) async throws {
            let answer = try await project.gateway(
                "POST", "/pg/query", key: project.serviceKey, body: jsonText(["query": "select 1"]))
            #expect(answer.status == 200, "\(moment): \(answer.text)")
        }

        @Test("meta and studio are reached by the gateway and each other, and from nothing that runs users' code")
        func administration() async throws {
            try await ManagerProcess.with { manager in
                let project = try await Project.active("admin", services: Self.services, by: manager)
                let doors = try await doors(of: project)
                // Each is in one network: a name and an address.
                #expect(doors.count == 4)
                let gateway: Set = [Project.Target(host: "gateway", port: 8000)]
                for service in ["functions", "rest", "auth", "realtime", "storage", "imgproxy"] {
                    #expect(try await project.reachable(doors, from: service).isEmpty, "\(service)")
                    #expect(try await project.reachable(gateway, from: service) == gateway, "\(service)")
                }
                for service in ["gateway", "studio", "meta"] {
                    #expect(try await project.reachable(doors, from: service) == doors, "\(service)")
                }
                try await expectSQL(through: project, "in two networks")
                let networks = try await project.inventory().networks.count
                try await project.ask(for: "pause")
                try await project.wait(for: "INACTIVE")
                try await project.ask(for: "resume")
                try await project.wait(for: "ACTIVE_HEALTHY")
                #expect(try await project.inventory().networks.count == networks)
                try await expectSQL(through: project, "after a pause")
                try await project.delete()
                try await project.waitUntilGone()
                #expect(try await project.inventory().names == [])
            }
        }

        /// A copy of the template with all services in one network, as it was before there were two.
        private func withOneNetwork(in folder: String) throws -> String {
            try ChangedTemplate(in: folder, named: "one-network") { text in
                let admin = try #require(text.range(of: "  # meta and studio serve every client that reaches them."))
                let volumes = try #require(text.range(of: "\nvolumes:\n"))
                text.removeSubrange(admin.lowerBound..<volumes.lowerBound)
                for service in ["DB", "GATEWAY", "ANALYTICS"] {
                    text = text.replacing("      admin:\n        ipv4_address: ${ADMIN_\(service)_ADDRESS}\n", with: "")
                }
                text = text.replacing("      admin:\n", with: "      default:\n")
                text = text.replacing("${DEFAULT_SUBNET}", with: "${SUBNET}")
            }.folder
        }

        /// A copy of the template with which imgproxy does not start.
        private func broken(in folder: String) throws -> String {
            try ChangedTemplate(
                in: folder, named: "broken", replacing: #"IMGPROXY_MAX_SRC_RESOLUTION: "16.8""#,
                with: #"IMGPROXY_MAX_SRC_RESOLUTION: "sixteen""#
            ).folder
        }

        private func upgrade(_ project: Project) async throws -> Command {
            let settings = project.manager.settings
            return try await Command.run(
                [Repository.binary, "projects", "upgrade", project.ref],
                environment: [
                    "SUPAMANAGER_API_URL": "http://127.0.0.1:\(settings.port)",
                    "SUPAMANAGER_ACCESS_TOKEN": settings.token, "HOME": settings.folder,
                ])
        }

        /// That a project has so many networks, all of its data, and meta within reach of imgproxy or not.
        private func expect(_ project: Project, networks: Int, isOpen: Bool, _ moment: Comment) async throws {
            #expect(try await project.status() == "ACTIVE_HEALTHY", moment)
            #expect(try await project.inventory().networks.count == networks, moment)
            let doors = try await doors(of: project)
            #expect(try await project.reachable(doors, from: "imgproxy") == (isOpen ? doors : []), moment)
            #expect(try await project.reachable(doors, from: "gateway") == doors, moment)
            #expect(try await project.holds("(select word from public.network_mark) = 'kept'"), moment)
            try await expectSQL(through: project, moment)
        }

        @Test("a project of before keeps its one network until it is upgraded, and gets it back when that fails")
        func upgrades() async throws {
            try await ManagerProcess.with {
                $0.templates = try withOneNetwork(in: $0.folder)
            } _: { manager in
                let folder = manager.settings.folder
                let project = try await Project.active(
                    "before", services: ["db", "imgproxy", "meta", "gateway"], by: manager)
                try await project.sql(
                    "create table public.network_mark (word text); insert into public.network_mark values ('kept')")
                try await expect(project, networks: 1, isOpen: true, "before")
                let before = try await project.inventory().containers.map(\.id).sorted()

                try await manager.stop()
                try await manager.start(templates: try broken(in: folder))
                try await project.wait(for: "ACTIVE_HEALTHY")
                #expect(try await project.inventory().containers.map(\.id).sorted() == before)
                let failed = try await upgrade(project)
                #expect(failed.exitCode != 0 && failed.output.contains("imgproxy"), "\(failed.output)")
                try await expect(project, networks: 1, isOpen: true, "after an upgrade that failed")

                try await manager.stop()
                try await manager.start(templates: Repository.templates)
                try await project.wait(for: "ACTIVE_HEALTHY")
                let upgraded = try await upgrade(project)
                #expect(upgraded.exitCode == 0, "\(upgraded.output)")
                try await expect(project, networks: 2, isOpen: false, "after the upgrade")
            }
        }
    }
}
