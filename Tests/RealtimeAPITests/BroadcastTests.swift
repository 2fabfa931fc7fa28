import DataPlaneCore
import Testing

@testable import RealtimeAPI

@Suite("Broadcasts")
struct BroadcastTests {
    @Test(arguments: [(false, false), (true, false), (false, true), (true, true)])
    func selfAndAck(echoes: Bool, acknowledges: Bool) throws {
        var fixture = ChannelFixture()
        let sender = try fixture.open()
        let other = try fixture.open(.two)
        try fixture.join(#"{"broadcast":{"self":\#(echoes),"ack":"\#(acknowledges)"}}"#, by: sender)
        try fixture.join(by: other)
        let effects = try fixture.say("broadcast", #"{"event":"e"}"#, by: sender)
        let message = #"broadcast {"event":"e"}"#
        #expect(effects.lines(to: other) == [message])
        let reply = #"phx_reply {"status":"ok","response":{}}"#
        #expect(effects.lines(to: sender) == (echoes ? [message] : []) + (acknowledges ? [reply] : []))
    }

    @Test func bytesReachBothVersionsAsTheyCan() throws {
        var fixture = ChannelFixture()
        let sender = try fixture.open(.two)
        let one = try fixture.open(.one)
        for id in [sender, one] { try fixture.join(by: id) }
        let broadcast = UserBroadcast(
            topic: "realtime:room", event: "e", metadata: Array("{\"a\":1}".utf8), encoding: .json,
            payload: Array("{}".utf8))
        let effects = fixture.state.receive(
            .broadcast(broadcast, joinRef: "1", ref: "9"), from: sender, at: fixture.now)
        #expect(effects.lines(to: one) == ["broadcast e {}"])
        guard case .send(.broadcast(let passed), .one, _)? = effects.first else {
            Issue.record("it is not passed on")
            return
        }
        #expect(passed.metadata.isEmpty)
    }

    @Test func aPayloadThatSaysItIsJSONIsJSON() throws {
        var fixture = ChannelFixture()
        let id = try fixture.open(.two)
        try fixture.join(#"{"broadcast":{"self":true,"ack":true}}"#, by: id)
        let broadcast = UserBroadcast(topic: "realtime:room", event: "e", encoding: .json, payload: [0xff])
        #expect(fixture.state.receive(.broadcast(broadcast, joinRef: nil, ref: nil), from: id, at: fixture.now).isEmpty)
    }

    @Test func aLargePayloadIsRefusedWhereAnAnswerIsWanted() throws {
        var fixture = ChannelFixture { $0.broadcastBytesMax = 10 }
        let quiet = try fixture.open()
        let asking = try fixture.open()
        try fixture.join(by: quiet)
        try fixture.join(#"{"broadcast":{"ack":true}}"#, by: asking)
        let payload = #"{"event":"long"}"#
        #expect(try fixture.say("broadcast", payload, by: quiet).isEmpty)
        #expect(
            try fixture.say("broadcast", payload, by: asking).lines(to: asking)
                == [#"phx_reply {"status":"error","response":{"reason":"payload_size_exceeded"}}"#])
    }

    @Test func tooManyMessagesEndTheChannel() throws {
        var fixture = ChannelFixture { $0.messagesPerSecondMax = 1 }
        let id = try fixture.open()
        try fixture.join(by: id)
        for _ in 0..<60 { #expect(try fixture.say("broadcast", by: id).isEmpty) }
        let lines = try fixture.say("broadcast", by: id).lines(to: id)
        #expect(lines.first?.contains("Too many messages per second") == true)
        #expect(lines.last == "phx_close {}")
        fixture.now += 61
        try fixture.join(by: id)
        #expect(try fixture.say("broadcast", by: id).isEmpty)
    }

    @Test func topicsDoNotMix() throws {
        var fixture = ChannelFixture()
        let one = try fixture.open()
        let two = try fixture.open()
        try fixture.join(on: "realtime:a", by: one)
        try fixture.join(on: "realtime:a:b", by: two)
        #expect(try fixture.say("broadcast", on: "realtime:a", by: one).lines(to: two).isEmpty)
    }

    @Test func storedBroadcastsComeOnceAroundAReplay() throws {
        var fixture = ChannelFixture()
        let id = try fixture.open()
        let config = #"{"private":true,"broadcast":{"replay":{"since":5,"limit":2}}}"#
        let check = try #require(try fixture.join(config, by: id).checks.first)
        let effects = fixture.state.answer(check, .success(.all), at: fixture.now)
        guard case .replay(let channel, let ticket, "room", let replay)? = effects.last else {
            Issue.record("stored broadcasts are not asked for")
            return
        }
        #expect(replay == JoinRequest.Replay(since: 5, limit: 2))
        let stored = ["1", "2", "3"].map {
            StoredBroadcast(id: $0, event: "e", encoding: .json, payload: Array($0.utf8))
        }
        let key = TopicKey(name: "room", isPrivate: true)
        #expect(fixture.state.broadcast(stored[1], to: key).lines(to: id) == ["broadcast e 2"])
        #expect(fixture.state.replay(channel, ticket: ticket, Array(stored[0...1])).lines(to: id) == ["broadcast e 1"])
        #expect(fixture.state.broadcast(stored[0], to: key).lines(to: id).isEmpty)
        #expect(fixture.state.broadcast(stored[2], to: key).lines(to: id) == ["broadcast e 3"])
    }

    @Test func clientsLearnWhenTheDatabaseIsHeard() throws {
        var fixture = ChannelFixture()
        let id = try fixture.open()
        let config = #"{"broadcast":{"replication_ready":true}}"#
        #expect(try fixture.join(config, by: id).lines(to: id).count == 1)
        #expect(fixture.state.hears(database: true).lines(to: id).first?.contains(#""status":"ok""#) == true)
        #expect(fixture.state.hears(database: true).isEmpty)
        #expect(try fixture.join(config, by: id).lines(to: id).last?.hasPrefix("system ") == true)
    }

    @Test func ratesAreForgottenAfterAMinute() {
        var window = RateWindow()
        for second in 0..<60 { #expect(window.count(at: 1_000 + Double(second), perSecondMax: 1) == true) }
        #expect(window.total == 60)
        #expect(window.count(at: 1_059, perSecondMax: 1) == false)
        window.advance(to: 1_065)
        #expect(window.total < 60)
        window.advance(to: 2_000)
        #expect(window.total == 0)
        window.advance(to: .infinity)
        window.advance(to: 0)
        #expect(window.count(at: 1_000, perSecondMax: .max) == true)
    }
}
