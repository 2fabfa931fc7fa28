import Orchestrator
import ProjectKeys
import ProjectModel
import Testing
import TokenKit

@Suite("Sealed passwords of registries")
struct MasterKeyRegistrySealerTests {
    @Test("a password opens for its registry, account, installation and master key alone, and is not to be seen")
    func bound() throws {
        let master = try MasterKey(KeyBytes([UInt8](repeating: 3, count: 32)))
        let sealer = MasterKeyRegistrySealer(master: master, installation: "i1")
        let host = try #require(RegistryHost("ghcr.io"))
        let sealed = try sealer.seal(Secret("hunter2"), of: "me", at: host)
        #expect(!String(decoding: sealed, as: UTF8.self).contains("hunter2"))
        #expect(try sealer.seal(Secret("hunter2"), of: "me", at: host) != sealed)
        let again = MasterKeyRegistrySealer(master: master, installation: "i1")
        #expect(try again.open(sealed, of: "me", at: host).reveal() == "hunter2")
        let other = try #require(RegistryHost("evil.example"))
        let others = [
            MasterKeyRegistrySealer(master: master, installation: "i2"),
            MasterKeyRegistrySealer(master: try MasterKey(KeyBytes.random(count: 32)), installation: "i1"),
        ]
        for other in others { #expect(throws: KeyError.self) { try other.open(sealed, of: "me", at: host) } }
        #expect(throws: KeyError.self) { try sealer.open(sealed, of: "me", at: other) }
        #expect(throws: KeyError.self) { try sealer.open(sealed, of: "you", at: host) }
        #expect(throws: KeyError.self) { try sealer.open(Array(sealed.dropLast()), of: "me", at: host) }
    }
}
