import Identity
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@Suite("Changes and units of work")
struct GenerationTests {
    private enum Failure: Error { case wanted }

    @Test("a change counts when its unit of work is stored")
    func afterCommit() async throws {
        let host = try await IdentityHost()
        let person = try await host.person("one", .readOnly)
        let units = InMemoryUnitOfWork([host.store])
        let before = host.directory.generation
        try await units.perform {
            try await host.directory.addMember(person.account.id, to: IdentityHost.slug, as: .developer)
            #expect(host.directory.generation == before)
        }
        #expect(host.directory.generation == before + 1)
    }

    @Test("a change in a unit of work that fails is none")
    func failed() async throws {
        let host = try await IdentityHost()
        let person = try await host.person("one", .readOnly)
        let units = InMemoryUnitOfWork([host.store])
        let before = host.directory.generation
        await #expect(throws: Failure.self) {
            try await units.perform {
                try await host.directory.addMember(person.account.id, to: IdentityHost.slug, as: .developer)
                throw Failure.wanted
            }
        }
        #expect(host.directory.generation == before)
        #expect(try await host.again(person).memberships.first?.roles == [Role(.readOnly)])
    }

    @Test("who only looks changes nothing")
    func reading() async throws {
        let host = try await IdentityHost()
        let owner = try await host.owner
        let before = host.directory.generation
        _ = try await host.directory.members(of: IdentityHost.slug)
        _ = try await host.directory.roles(of: IdentityHost.slug, visibleTo: owner)
        _ = try await host.directory.organizations(of: owner)
        _ = try await host.directory.principal(for: IdentityHost.adminToken)
        _ = try await host.directory.createAccessToken(of: owner.account.id, name: "x", expiresAt: nil)
        #expect(host.directory.generation == before)
    }
}
