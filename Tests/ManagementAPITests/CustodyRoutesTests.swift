import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI
@testable import Orchestrator

@Suite("Receipts and kept volumes over the wire")
struct CustodyRoutesTests {
    private func path(_ ref: ProjectRef) -> String { "/platform/projects/\(ref)" }

    @Test(
        "a deletion destroys the volumes, on both APIs, unless the query says otherwise", arguments: ["platform", "v1"])
    func deletion(api: String) async throws {
        try await APIHost.run { host in
            for (name, query, destroys) in [
                ("a", "", true), ("b", "?keep_volumes=true", false), ("c", "?keep_volumes=false", true),
            ] {
                let ref = try await host.create(name)
                #expect(try await host.send("GET", path(ref) + "/deletion-receipt").status == 404)
                let answer = try await host.send("DELETE", "/\(api)/projects/\(ref)\(query)")
                #expect(answer.status == 200)
                #expect(try answer.json["volumes"]?.text == (destroys ? "destroyed" : "kept"))
                // The same again is the same; another fate of the volumes is refused, and the first one stays.
                #expect(try await host.send("DELETE", "/\(api)/projects/\(ref)\(query)").status == 200)
                let other = try await host.send("DELETE", "/\(api)/projects/\(ref)?keep_volumes=\(destroys)")
                #expect(other.status == 409)
                #expect(try other.message?.contains(destroys ? "destroyed" : "kept") == true)
                let receipt = try await host.send("GET", path(ref) + "/deletion-receipt")
                #expect(receipt.status == 200)
                #expect(try receipt.json["destroys_volumes"] == .bool(destroys), "\(query)")
            }
            let ref = try await host.create("d")
            #expect(try await host.send("DELETE", "/\(api)/projects/\(ref)?keep_volumes=maybe").status == 400)
            for query in [
                "keep-volumes=true", "keepVolumes=true", "destroy_volumes=false", "keep_volumes=true&x=",
                "keep_volumes=true&keep_volumes=false", "KEEP_VOLUMES=true", "keep_volumes%20=true",
            ] {
                let answer = try await host.send("DELETE", "/\(api)/projects/\(ref)?\(query)")
                #expect(answer.status == 400, "\(query)")
                #expect(try answer.message?.contains("nothing was done") == true)
            }
            #expect(try await host.store.project(ref)?.status == .provisioning)
        }
    }

    @Test("whatever destroys volumes, objects of the engine or buckets refuses a parameter that it does not know")
    func strictness() {
        let destroying = [
            "project.delete", "volume.destroy", "volume.accept-loss", "orphan.remove", "storage.bucket.delete",
            "storage.bucket.empty",
        ]
        for action in destroying {
            let routes = allRoutes().filter { $0.effect.action == action }
            #expect(!routes.isEmpty && routes.allSatisfy(\.refusesUnknownQuery), "\(action)")
        }
    }

    @Test("a receipt can be read once the project is gone, by its organization's members only")
    func tombstone() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            try await host.withLoops {
                #expect(try await host.send("DELETE", path(ref)).status == 200)
                try await host.wait(for: .deleted, of: ref)
            }
            #expect(try await host.send("GET", path(ref)).status == 404)
            let receipt = try await host.send("GET", path(ref) + "/deletion-receipt")
            #expect(receipt.status == 200)
            #expect(try receipt.json["status"]?.text == "REMOVED")
            #expect(try receipt.json["ended_at"]?.text != nil)
            let readOnly = try await host.send("GET", path(ref) + "/deletion-receipt", token: Person.readOnly.token)
            #expect(readOnly.status == 200)
            let stranger = try await host.send("GET", path(ref) + "/deletion-receipt", token: Person.stranger.token)
            #expect(stranger.status == 404)
        }
    }

    @Test("kept volumes are listed and destroyed by the loop, not by the request")
    func keptVolumes() async throws {
        try await APIHost.run { host in
            let list = "/platform/organizations/default/kept-volumes"
            let ref = try await host.create()
            try await host.withLoops {
                try await host.wait(for: .active, of: ref)
                #expect(try await host.send("DELETE", path(ref) + "?keep_volumes=true").status == 200)
                try await host.wait(for: .deleted, of: ref)
            }
            let kept = try await host.send("GET", list).json.items
            #expect(!kept.isEmpty && kept.allSatisfy { $0["project_ref"]?.text == ref.text })
            let name = try #require(kept.first?["name"]?.text)
            let readOnly = try await host.send("DELETE", "\(list)/\(name)", token: Person.readOnly.token)
            #expect(readOnly.status == 403)
            #expect(try await host.send("DELETE", "\(list)/unknown").status == 404)
            #expect(try await host.send("DELETE", "\(list)/\(name)").status == 202)
            #expect(try await host.send("DELETE", "\(list)/\(name)").status == 202)
            #expect(host.engine.contents(of: ref).volumes.contains { $0.name == name })
            #expect(try await host.send("GET", list).json.items.first?["is_being_destroyed"] == .bool(true))
        }
    }
}
