import Foundation
import Testing

extension EndToEnd {
    @Suite("Custody of data", .sharedManager, .timeLimit(.minutes(8)))
    struct Custody {
        private static let kept = "/platform/organizations/default/kept-volumes"

        /// Names of the volumes of an inventory.
        private static func volumes(_ inventory: Inventory) -> Set<String> {
            Set(inventory.volumes.compactMap { $0["Name"].text })
        }

        @Test("The receipt of a deletion names everything that the engine had, by its id")
        func receipt() async throws {
            let manager = try sharedManager()
            let project = try await Project.active("accounted", services: ["db", "gateway"], by: manager)
            let before = try await project.inventory()
            try await project.delete()
            try await project.waitUntilGone()
            let receipt = try await manager.client.must("GET", project.path + "/deletion-receipt")
            let destroyed = Set(receipt["destroyed"].items.compactMap { $0["id"].text })
            #expect(destroyed.isSuperset(of: before.containers.map(\.id)))
            #expect(destroyed.isSuperset(of: before.networks.compactMap { $0["Id"].text }))
            #expect(destroyed.isSuperset(of: Self.volumes(before)))
            #expect(receipt["kept"].items.isEmpty && receipt["remaining"].items.isEmpty)
            #expect(receipt["ended_at"].text != nil)
        }

        @Test("Kept volumes go into a new project, whose database opens them; destroyed ones are gone")
        func attaching() async throws {
            let manager = try sharedManager()
            let old = try await Project.active("former", services: ["db", "gateway"], by: manager)
            let volumes = Self.volumes(try await old.inventory())
            let password = try await manager.client.must("GET", old.path + "/credentials")["database"]["password"].text
            try await manager.client.must("DELETE", old.path + "?keep_volumes=true")
            try await old.waitUntilGone()
            #expect(Self.volumes(try await old.inventory()) == volumes && !volumes.isEmpty)

            let body = try jsonText([
                "name": "heir", "organization_slug": "default", "services": ["db", "gateway"],
                "attach_volumes_of": old.ref,
            ])
            let created = try await manager.client.must("POST", "/platform/projects", body: body)
            let heir = Project(manager: manager, created: created)
            try await heir.wait(for: "ACTIVE_HEALTHY")
            let inventory = try await heir.inventory()
            #expect(inventory.volumes.isEmpty, "the new project made volumes of its own")
            let mounts = try inventory.container("db").details["Mounts"].items.compactMap { $0["Name"].text }
            #expect(!mounts.isEmpty && volumes.isSuperset(of: mounts))
            let now = try await manager.client.must("GET", heir.path + "/credentials")["database"]["password"].text
            #expect(now == password)

            try await manager.client.must("DELETE", heir.path + "?keep_volumes=true")
            try await heir.waitUntilGone()
            for name in volumes.sorted() { try await manager.client.must("DELETE", "\(Self.kept)/\(name)") }
            _ = try await eventually("the end of the kept volumes", within: .seconds(60)) {
                let left = try await manager.client.must("GET", Self.kept).items
                let volumes = Self.volumes(try await old.inventory())
                return left.isEmpty && volumes.isEmpty ? true : nil
            }
        }

        /// Pauses a project and removes its database's container with all volumes that it mounts.
        private func loseData(of project: Project) async throws -> [String] {
            try await project.ask(for: "pause")
            try await project.wait(for: "INACTIVE")
            let database = try await project.inventory().container("db")
            let names = database.details["Mounts"].items.compactMap { $0["Name"].text }
            try await Engine.mustCall("DELETE", "/containers/\(database.id)?force=true")
            for name in names { try await Engine.mustCall("DELETE", "/volumes/\(name)") }
            return names
        }

        private func refusesToStart(_ project: Project, _ text: String) async throws {
            try await project.ask(for: "resume")
            try await project.wait(for: "ACTIVE_UNHEALTHY")
            let progress = try await project.manager.client.must("GET", project.path + "/services")
            #expect(progress["failure"]["service"].text == "db")
            #expect(progress["failure"]["message"].text?.contains(text) == true, "\(progress)")
            #expect(try await !project.inventory().containers.contains { $0.service == "db" })
        }

        @Test("A volume that is removed while the project sleeps is reported as missing, and not recreated")
        func lostVolume() async throws {
            let project = try await Project.active("bereft", services: ["db", "gateway"], by: try sharedManager())
            let names = try await loseData(of: project)
            try await refusesToStart(project, "is missing")
            let left = Self.volumes(try await project.inventory())
            #expect(left.isDisjoint(with: names))

            for name in names {
                try await project.manager.client.must("POST", "\(project.path)/volumes/\(name)/accept-loss")
            }
            try await project.wait(for: "ACTIVE_HEALTHY")
            #expect(Self.volumes(try await project.inventory()).isSuperset(of: names))
        }

        @Test("A volume of the same name that is another one is not started on", arguments: [true, false])
        func foreignVolume(labelled: Bool) async throws {
            let manager = try sharedManager()
            let project = try await Project.active(
                labelled ? "copied" : "usurped", services: ["db", "gateway"], by: manager)
            let names = try await loseData(of: project)
            let labels = [
                Inventory.installationLabel: manager.installation ?? "", Inventory.projectLabel: project.ref,
            ]
            for name in names {
                let body = try jsonText(["Name": name, "Labels": labelled ? labels : [:]])
                try await Engine.mustCall("POST", "/volumes/create", body: body)
            }
            try await refusesToStart(project, labelled ? "another of the same name" : "is missing")
            try await project.delete()
            try await project.waitUntilGone()
            for name in names {
                let answer = try await Engine.call("GET", "/volumes/\(name)")
                #expect(answer.status == (labelled ? 404 : 200), "an object without our label is left alone")
                if !labelled { try await Engine.mustCall("DELETE", "/volumes/\(name)") }
            }
        }
    }
}
