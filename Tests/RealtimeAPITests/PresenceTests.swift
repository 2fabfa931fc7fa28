import DataPlaneCore
import Testing

@testable import RealtimeAPI

@Suite("Presence")
struct PresenceTests {
    private static func config(_ key: String) -> String { #"{"presence":{"key":"\#(key)","enabled":true}}"# }
    private static let ok = #"phx_reply {"status":"ok","response":{}}"#

    @discardableResult
    private func track(
        _ payload: String, by id: SocketID, _ fixture: inout ChannelFixture
    ) throws -> [ChannelEffect] {
        try fixture.say("presence", #"{"type":"presence","event":"track","payload":\#(payload)}"#, by: id)
    }

    @Test func theStateComesOnlyWhereItIsWanted() throws {
        var fixture = ChannelFixture()
        let one = try fixture.open()
        let two = try fixture.open()
        #expect(try fixture.join(by: one).lines(to: one).count == 1)
        #expect(try fixture.join(Self.config("a"), by: two).lines(to: two).last == "presence_state {}")
    }

    @Test func trackingShowsAndLeavingHides() throws {
        var fixture = ChannelFixture()
        let one = try fixture.open()
        let two = try fixture.open(.two)
        try fixture.join(Self.config("a"), by: one)
        try fixture.join(Self.config("b"), by: two)
        let effects = try track(#"{"n":1}"#, by: one, &fixture)
        let ref = "o-" + String(3, radix: 36)
        let meta = #"{"metas":[{"phx_ref":"\#(ref)","n":1}]}"#
        #expect(effects.lines(to: one) == [Self.ok, #"presence_diff {"joins":{"a":\#(meta)},"leaves":{}}"#])
        #expect(effects.lines(to: two) == [#"presence_diff {"joins":{"a":\#(meta)},"leaves":{}}"#])
        let three = try fixture.open()
        #expect(
            try fixture.join(Self.config("c"), by: three).lines(to: three).last == #"presence_state {"a":\#(meta)}"#)
        #expect(fixture.state.close(one).lines(to: two) == [#"presence_diff {"joins":{},"leaves":{"a":\#(meta)}}"#])
    }

    @Test func anUpdateLeavesAndJoins() throws {
        var fixture = ChannelFixture()
        let id = try fixture.open()
        try fixture.join(Self.config("a"), by: id)
        try track(#"{"n":1}"#, by: id, &fixture)
        #expect(try track(#"{"n":1}"#, by: id, &fixture).lines(to: id) == [Self.ok])
        let line = try #require(try track(#"{"n":2}"#, by: id, &fixture).lines(to: id).last)
        let diff = try json(String(line.dropFirst("presence_diff ".count)))
        let joined = try #require(diff["joins"]?["a"]?["metas"]?.arrayValue?.first)
        let left = try #require(diff["leaves"]?["a"]?["metas"]?.arrayValue?.first)
        #expect(joined["n"] == .number("2"))
        #expect(left["n"] == .number("1"))
        #expect(joined["phx_ref_prev"] == left["phx_ref"])
    }

    @Test func oneKeyMayHaveSeveralValues() throws {
        var fixture = ChannelFixture()
        let one = try fixture.open()
        let two = try fixture.open()
        for id in [one, two] {
            try fixture.join(Self.config("a"), by: id)
            try track("{}", by: id, &fixture)
        }
        let three = try fixture.open()
        let line = try #require(try fixture.join(Self.config("c"), by: three).lines(to: three).last)
        #expect(try json(String(line.dropFirst("presence_state ".count)))["a"]?["metas"]?.arrayValue?.count == 2)
        let untracked = try fixture.say("presence", #"{"type":"presence","event":"untrack"}"#, by: one)
        #expect(untracked.lines(to: one).count == 2)
        #expect(try fixture.say("presence", #"{"event":"untrack"}"#, by: one).lines(to: one) == [Self.ok])
    }

    @Test func trackingSwitchesPresenceOn() throws {
        var fixture = ChannelFixture()
        let id = try fixture.open()
        try fixture.join(by: id)
        let lines = try track("{}", by: id, &fixture).lines(to: id)
        #expect(lines.map { $0.split(separator: " ")[0] } == ["phx_reply", "presence_state", "presence_diff"])
    }

    @Test func onlyObjectsAreTrackedAndOnlySmallOnes() throws {
        var fixture = ChannelFixture {
            $0.presenceKeysMax = 1
            $0.presenceBytesMax = 20
        }
        let id = try fixture.open()
        try fixture.join(Self.config("a"), by: id)
        for payload in ["[]", "1", "null", #"{"a":1,"b":2}"#, #"{"a":"\#(String(repeating: "x", count: 20))"}"#] {
            let lines = try track(payload, by: id, &fixture).lines(to: id)
            #expect(lines.count == 1)
            #expect(lines.first?.contains(#""status":"error""#) == true)
        }
    }

    @Test func aClientThatCallsOftenKeepsItsChannel() throws {
        var fixture = ChannelFixture()
        let id = try fixture.open()
        try fixture.join(Self.config("a"), by: id)
        for n in 0..<5 { try track(#"{"n":\#(n)}"#, by: id, &fixture) }
        #expect(
            try track(#"{"n":9}"#, by: id, &fixture).lines(to: id)
                == [#"phx_reply {"status":"error","response":{"reason":"Client presence rate limit exceeded"}}"#])
        fixture.now += 31
        #expect(try track(#"{"n":9}"#, by: id, &fixture).lines(to: id).count == 2)
    }

    @Test func withoutTheRightToReadThereIsNoState() throws {
        var fixture = ChannelFixture()
        let id = try fixture.open()
        let config = #"{"private":true,"presence":{"key":"a","enabled":true}}"#
        let check = try #require(try fixture.join(config, by: id).checks.first)
        let joined = fixture.state.answer(
            check, .success(ChannelRights(broadcast: true, presence: false)), at: fixture.now)
        #expect(joined.lines(to: id).count == 1)
        let question = try #require(try track("{}", by: id, &fixture).checks.first)
        #expect(fixture.state.answer(question, .success(.all), at: fixture.now).lines(to: id) == [Self.ok])
    }

    @Test func withoutTheRightToWriteNothingIsTracked() throws {
        var fixture = ChannelFixture()
        let id = try fixture.open()
        let check = try #require(try fixture.join(#"{"private":true}"#, by: id).checks.first)
        _ = fixture.state.answer(check, .success(.all), at: fixture.now)
        let question = try #require(try track("{}", by: id, &fixture).checks.first)
        let lines = fixture.state.answer(question, .success(.none), at: fixture.now).lines(to: id)
        #expect(lines.count == 1)
        #expect(lines.first?.contains(#""status":"error""#) == true)
    }

    /// After any series of calls, what diffs add up to is what the state says.
    @Test func diffsAddUpToTheState() {
        var book = PresenceBook()
        var seen: [String: Set<String>] = [:]
        for step in 0..<2_000 {
            let owner = SocketID(number: UInt64.random(in: 0..<10))
            let key = "k\(owner.number % 3)"
            let payload = [JSONText.Member("n", .number(String(Int.random(in: 0..<3))))]
            let diff = Bool.random() ? book.track(payload, as: key, by: owner, ref: "r\(step)") : book.untrack(owner)
            if let left = diff?.left { seen[diff?.key ?? "", default: []].remove(left.ref) }
            if let joined = diff?.joined { seen[diff?.key ?? "", default: []].insert(joined.ref) }
        }
        var refs: [String: Set<String>] = [:]
        if case .object(let members) = book.state {
            for member in members {
                refs[member.name] = Set(
                    (member.value["metas"]?.arrayValue ?? []).compactMap { $0["phx_ref"]?.stringValue })
            }
        }
        #expect(refs == seen.filter { !$0.value.isEmpty })
    }
}
