import Orchestrator
import ProjectKeys
import Testing
import TokenKit

@Suite("Sealed data of the installation")
struct InstallationSealerTests {
    private let master: MasterKey
    private let sealer: InstallationSealer

    init() throws {
        master = try MasterKey(KeyBytes.random(count: 32))
        sealer = InstallationSealer(master: master, installation: "i1")
    }

    @Test("what was sealed opens again, also when it is empty", arguments: [[], [1, 2, 3]] as [[UInt8]])
    func roundTrip(bytes: [UInt8]) throws {
        let sealed = try sealer.seal(bytes, as: "purpose")
        #expect(try sealer.open(sealed, as: "purpose") == bytes)
        #expect(try sealer.seal(bytes, as: "purpose") != sealed)
        #expect(bytes.isEmpty || !sealed.contains(bytes))
    }

    @Test("it opens under its purpose, installation and master key only")
    func bound() throws {
        let sealed = try sealer.seal([1, 2, 3], as: "purpose")
        #expect(throws: ProjectKeyError.notAuthentic(name: "other")) { try sealer.open(sealed, as: "other") }
        let others = [
            InstallationSealer(master: master, installation: "i2"),
            InstallationSealer(master: try MasterKey(KeyBytes.random(count: 32)), installation: "i1"),
        ]
        for other in others {
            #expect(throws: ProjectKeyError.notAuthentic(name: "purpose")) { try other.open(sealed, as: "purpose") }
        }
        for index in sealed.indices.dropFirst() {
            var changed = sealed
            changed[index] ^= 1
            #expect(throws: ProjectKeyError.notAuthentic(name: "purpose")) { try sealer.open(changed, as: "purpose") }
        }
        #expect(throws: ProjectKeyError.unknownFormat(name: "purpose")) { try sealer.open([], as: "purpose") }
    }

    @Test("no data key of a project, nor the key check, opens as data of the installation")
    func otherKinds() throws {
        let check = try master.keyCheck(installation: "i1")
        #expect(throws: ProjectKeyError.self) { try sealer.open(check, as: "") }
    }

    @Test("a stored answer opens again, in its installation only")
    func answers() throws {
        let answers = StoredAnswerSealer(master: master, installation: "i1")
        let body = Array(#"{"api_key":"x"}"#.utf8)
        let sealed = try answers.seal(body)
        #expect(try answers.open(sealed) == body)
        #expect(throws: KeyError.self) { try StoredAnswerSealer(master: master, installation: "i2").open(sealed) }
    }
}
