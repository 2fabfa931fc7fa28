import DataPlaneCore
import Testing

@testable import RealtimeAPI

@Suite("Channels")
struct ChannelTests {
    @Test func heartbeatsAreAnswered() throws {
        var fixture = ChannelFixture()
        let id = try fixture.open()
        let effects = try fixture.say("heartbeat", on: "phoenix", by: id)
        #expect(effects.lines(to: id) == [#"phx_reply {"status":"ok","response":{}}"#])
    }

    @Test func aJoinEchoesWhatWasAskedForWithNumbers() throws {
        var fixture = ChannelFixture()
        let id = try fixture.open()
        let effects = try fixture.join(
            #"{"postgres_changes":[{"event":"*","schema":"public"},null,{"event":"*","schema":"public"}]}"#, by: id)
        let number = ChangeBinding(try json(#"{"event":"*","schema":"public"}"#)).id
        let entry = #"{"event":"*","schema":"public","id":\#(number)}"#
        #expect(
            effects.lines(to: id) == [
                #"phx_reply {"status":"ok","response":{"postgres_changes":[\#(entry),\#(entry)]}}"#
            ])
        guard case .subscribe(let channel, _, let bindings, _)? = effects.last else {
            Issue.record("the changes are not asked for")
            return
        }
        #expect(channel.topic == "realtime:room")
        #expect(bindings.map(\.id) == [number, number])
    }

    @Test(arguments: [
        ("realtime:", "{}", "TopicNameRequired"), ("other:room", "{}", "TopicNameRequired"),
        ("realtime:r", #"{"broadcast":{"replay":{"since":1}}}"#, "UnableToReplayMessages"),
        ("realtime:r", #"{"private":true,"broadcast":{"replay":{"since":1,"limit":26}}}"#, "UnableToReplayMessages"),
        ("realtime:r", #"{"private":"true","broadcast":{"replay":{}}}"#, "UnableToReplayMessages"),
    ])
    func joinsAreRefused(topic: String, config: String, code: String) throws {
        var fixture = ChannelFixture()
        let id = try fixture.open()
        let lines = try fixture.join(config, on: topic, by: id).lines(to: id)
        #expect(lines.count == 1)
        #expect(lines.first?.hasPrefix(#"phx_reply {"status":"error","response":{"reason":"\#(code): "#) == true)
    }

    @Test func aPrivateOnlyProjectHasNoPublicChannels() throws {
        var fixture = ChannelFixture { $0.isPrivateOnly = true }
        let id = try fixture.open()
        #expect(try fixture.join(by: id).lines(to: id).first?.contains("PrivateOnly: ") == true)
        #expect(try fixture.join(#"{"private":true}"#, by: id).checks.count == 1)
    }

    @Test func channelsAndJoinsAreCounted() throws {
        var fixture = ChannelFixture { $0.channelsPerConnectionMax = 2 }
        let id = try fixture.open()
        try fixture.join(on: "realtime:1", by: id)
        try fixture.join(on: "realtime:2", by: id)
        #expect(
            try fixture.join(on: "realtime:3", by: id).lines(to: id).first?.contains("ChannelRateLimitReached") == true)
        var busy = ChannelFixture { $0.joinsPerSecondMax = 1 }
        let other = try busy.open()
        for _ in 0..<60 { #expect(try busy.join(by: other).lines(to: other).last?.contains("ok") == true) }
        let effects = try busy.join(by: other)
        #expect(effects.lines(to: other).last?.contains("ClientJoinRateLimitReached") == true)
        guard case .close(other, _, _)? = effects.last else {
            Issue.record("a client that joins too often is not disconnected")
            return
        }
    }

    @Test func connectionsAreCounted() throws {
        var fixture = ChannelFixture { $0.connectionsMax = 1 }
        let id = try fixture.open()
        #expect(fixture.state.open(version: .two, claims: try ChannelFixture.claims()) == nil)
        _ = fixture.state.close(id)
        _ = try fixture.open()
    }

    @Test func aSecondJoinEndsTheFirst() throws {
        var fixture = ChannelFixture()
        let id = try fixture.open()
        try fixture.join(by: id)
        let lines = try fixture.join(by: id).lines(to: id)
        #expect(lines.map { $0.split(separator: " ")[0] } == ["phx_close", "phx_reply"])
        #expect(fixture.state.topics.count == 1)
    }

    @Test func leavingIsAnsweredAndEnds() throws {
        var fixture = ChannelFixture()
        let id = try fixture.open()
        try fixture.join(by: id)
        let lines = try fixture.say("phx_leave", by: id).lines(to: id)
        #expect(lines == [#"phx_reply {"status":"ok","response":{}}"#, "phx_close {}"])
        #expect(fixture.state.topics.isEmpty)
        #expect(try fixture.say("broadcast", by: id).isEmpty)
    }

    @Test func nothingIsLeftOfAConnectionThatHasGone() throws {
        var fixture = ChannelFixture()
        let id = try fixture.open()
        try fixture.join(#"{"postgres_changes":[{}]}"#, by: id)
        #expect(fixture.state.close(id) == [.unsubscribe(ChannelID(socket: id, topic: "realtime:room"))])
        #expect(fixture.state.topics.isEmpty)
        #expect(fixture.state.sockets.isEmpty)
    }

    @Test func unknownEventsAreNothing() throws {
        var fixture = ChannelFixture()
        let id = try fixture.open()
        try fixture.join(by: id)
        #expect(try fixture.say("phx_something", by: id).isEmpty)
        #expect(try fixture.say("broadcast", on: "realtime:never", by: id).isEmpty)
    }

    @Test func shuttingDownIsToldToChannelsAndRefusesNewOnes() throws {
        var fixture = ChannelFixture()
        let id = try fixture.open()
        try fixture.join(by: id)
        let effects = fixture.state.shutDown()
        #expect(effects == [.close(id, code: 1012, reason: "The server is restarting")])
        #expect(fixture.state.shutDown().isEmpty == true)
        #expect(fixture.state.open(version: .two, claims: try ChannelFixture.claims()) == nil)
    }
}

@Suite("Tokens of channels")
struct ChannelTokenTests {
    @Test func aTokenOfAJoinCounts() throws {
        var fixture = ChannelFixture()
        let id = try fixture.open()
        let token = try ChannelFixture.token(role: "authenticated", sub: "u")
        let effects = try fixture.join(#"{"private":true}"#, token: token, by: id)
        #expect(effects.checks.first?.claims.role == "authenticated")
        #expect(effects.checks.first?.claims.subject == "u")
    }

    @Test(arguments: [
        ("x", "MalformedJWT"), ("", "MalformedJWT"), ("a.b.c", "MalformedJWT"),
    ])
    func aTokenThatIsNoneIsRefused(token: String, code: String) throws {
        var fixture = ChannelFixture()
        let id = try fixture.open()
        #expect(try fixture.join(token: token, by: id).lines(to: id).first?.contains(code) == true)
    }

    @Test func expiredAndIncompleteTokensAreRefused() throws {
        var fixture = ChannelFixture()
        let id = try fixture.open()
        let late = try ChannelFixture.token(exp: ChannelFixture.now - 3)
        #expect(
            try fixture.join(token: late, by: id).lines(to: id).first?
                .contains("InvalidJWTToken: Token has expired 3 seconds ago") == true)
        let roleless = try ChannelFixture.token(role: nil)
        #expect(try fixture.join(token: roleless, by: id).lines(to: id).first?.contains("claims role") == true)
        let endless = try ChannelFixture.token(exp: nil)
        #expect(try fixture.join(token: endless, by: id).lines(to: id).first?.contains("claims exp") == true)
    }

    @Test func apiKeysAreNoTokens() throws {
        var fixture = ChannelFixture()
        let id = try fixture.open()
        let lines = try fixture.join(token: "sb_publishable_1", by: id).lines(to: id)
        #expect(lines.first?.contains(#""status":"ok""#) == true)
        #expect(try fixture.say("access_token", #"{"access_token":"sb_secret"}"#, by: id).isEmpty)
        #expect(try fixture.say("access_token", #"{"access_token":null}"#, by: id).isEmpty)
    }

    @Test func expiryEndsAChannel() throws {
        var fixture = ChannelFixture()
        let id = try fixture.open()
        try fixture.join(token: ChannelFixture.token(exp: ChannelFixture.now + 10), by: id)
        #expect(fixture.state.tick(at: ChannelFixture.now + 9).isEmpty)
        let lines = fixture.state.tick(at: ChannelFixture.now + 12).lines(to: id)
        #expect(lines.first?.contains("Token has expired 2 seconds ago") == true)
        #expect(lines.last == "phx_close {}")
        #expect(fixture.state.topics.isEmpty)
    }

    @Test func aNewTokenProlongsAChannel() throws {
        var fixture = ChannelFixture()
        let id = try fixture.open()
        try fixture.join(token: ChannelFixture.token(exp: ChannelFixture.now + 10), by: id)
        let token = try ChannelFixture.token(exp: ChannelFixture.now + 60)
        #expect(try fixture.say("access_token", #"{"access_token":"\#(token)"}"#, by: id).isEmpty)
        #expect(fixture.state.tick(at: ChannelFixture.now + 30).isEmpty)
    }

    @Test func aBadNewTokenEndsAChannel() throws {
        var fixture = ChannelFixture()
        let id = try fixture.open()
        try fixture.join(by: id)
        let lines = try fixture.say("access_token", #"{"access_token":"x"}"#, by: id).lines(to: id)
        #expect(lines.map { $0.split(separator: " ")[0] } == ["system", "phx_close"])
    }
}
