import DataPlaneCore
import Testing

@testable import RealtimeAPI

@Suite("Private channels")
struct PrivateChannelTests {
    private static let config = #"{"private":true,"broadcast":{"self":true,"ack":true}}"#

    private func check(_ effects: [ChannelEffect]) throws -> RightsCheck { try #require(effects.checks.first) }

    @Test func policiesDecideAboutAJoin() throws {
        var fixture = ChannelFixture()
        let id = try fixture.open()
        let first = try fixture.join(Self.config, by: id)
        #expect(first.lines(to: id).isEmpty)
        let refused = fixture.state.answer(try check(first), .success(.none), at: fixture.now)
        #expect(
            refused.lines(to: id) == [
                #"phx_reply {"status":"error","response":{"reason":"Unauthorized: You do not have permissions to read "#
                    + #"from this Channel topic: room"}}"#
            ])
        let second = try check(try fixture.join(Self.config, by: id))
        let joined = fixture.state.answer(second, .success(.init(broadcast: false, presence: true)), at: fixture.now)
        #expect(joined.lines(to: id).first?.contains(#""status":"ok""#) == true)
        #expect(fixture.state.answer(second, .success(.none), at: fixture.now).isEmpty)
    }

    @Test(arguments: [(RightsFailure.database, "UnableToConnectToProject"), (.policy, "UnknownErrorOnChannel")])
    func aFailureRefuses(failure: RightsFailure, code: String) throws {
        var fixture = ChannelFixture()
        let id = try fixture.open()
        let question = try check(try fixture.join(Self.config, by: id))
        let lines = fixture.state.answer(question, .failure(failure), at: fixture.now).lines(to: id)
        #expect(lines.first?.contains(code) == true)
    }

    @Test func writingIsAskedOnceAndInOrder() throws {
        var fixture = ChannelFixture()
        let id = try joined(&fixture)
        let first = try fixture.say("broadcast", #"{"n":1}"#, by: id)
        #expect(first.checks.map(\.kind) == [.write])
        #expect(try fixture.say("broadcast", #"{"n":2}"#, by: id).isEmpty)
        let lines = fixture.state.answer(try check(first), .success(.all), at: fixture.now).lines(to: id)
        let reply = #"phx_reply {"status":"ok","response":{}}"#
        #expect(lines == [#"broadcast {"n":1}"#, reply, #"broadcast {"n":2}"#, reply])
        #expect(try fixture.say("broadcast", #"{"n":3}"#, by: id).lines(to: id).count == 2)
    }

    private func joined(_ fixture: inout ChannelFixture, reads: ChannelRights = .all) throws -> SocketID {
        let id = try fixture.open()
        let question = try check(try fixture.join(Self.config, by: id))
        _ = fixture.state.answer(question, .success(reads), at: fixture.now)
        return id
    }

    @Test func withoutTheRightABroadcastIsDroppedWithoutAReply() throws {
        var fixture = ChannelFixture()
        let id = try joined(&fixture)
        let question = try check(try fixture.say("broadcast", by: id))
        #expect(fixture.state.answer(question, .success(.none), at: fixture.now).isEmpty)
        #expect(try fixture.say("broadcast", by: id).isEmpty)
    }

    @Test func waitingPushesAreBounded() throws {
        var fixture = ChannelFixture { $0.waitingPushesMax = 2 }
        let id = try joined(&fixture)
        let question = try check(try fixture.say("broadcast", #"{"n":1}"#, by: id))
        for n in 2...5 { try fixture.say("broadcast", #"{"n":\#(n)}"#, by: id) }
        #expect(fixture.state.answer(question, .success(.all), at: fixture.now).lines(to: id).count == 4)
    }

    @Test func publicAndPrivateChannelsOfOneNameAreTwo() throws {
        var fixture = ChannelFixture()
        let member = try joined(&fixture)
        let other = try fixture.open()
        try fixture.join(by: other)
        #expect(try fixture.say("broadcast", by: other).lines(to: member).isEmpty)
    }

    @Test func presenceAloneGivesNoBroadcasts() throws {
        var fixture = ChannelFixture()
        let id = try joined(&fixture, reads: ChannelRights(broadcast: false, presence: true))
        let key = TopicKey(name: "room", isPrivate: true)
        let broadcast = UserBroadcast(topic: "realtime:room", event: "e", encoding: .json, payload: Array("1".utf8))
        #expect(fixture.state.broadcast(broadcast, to: key, at: fixture.now)?.isEmpty == true)
        let other = try joined(&fixture)
        #expect(fixture.state.broadcast(broadcast, to: key, at: fixture.now)?.lines(to: other).count == 1)
        #expect(fixture.state.broadcast(broadcast, to: key, at: fixture.now)?.lines(to: id).isEmpty == true)
    }

    @Test func aNewTokenAsksAgain() throws {
        var fixture = ChannelFixture()
        let id = try joined(&fixture)
        let write = try check(try fixture.say("broadcast", by: id))
        _ = fixture.state.answer(write, .success(.all), at: fixture.now)
        let token = try ChannelFixture.token(sub: "other")
        let read = try check(try fixture.say("access_token", #"{"access_token":"\#(token)"}"#, by: id))
        #expect(read.kind == .read)
        #expect(read.claims.subject == "other")
        // What could be sent under the old token is not known of the new one.
        #expect(try fixture.say("broadcast", by: id).checks.map(\.kind) == [.write])
        let lines = fixture.state.answer(read, .success(.none), at: fixture.now).lines(to: id)
        #expect(lines.first?.contains("You do not have permissions to read") == true)
        #expect(lines.last == "phx_close {}")
    }

    @Test func anAnswerToAnEarlierQuestionDoesNotCount() throws {
        var fixture = ChannelFixture()
        let id = try fixture.open()
        let old = try check(try fixture.join(Self.config, by: id))
        let new = try check(try fixture.join(Self.config, by: id))
        #expect(fixture.state.answer(old, .success(.all), at: fixture.now).isEmpty)
        #expect(!fixture.state.answer(new, .success(.all), at: fixture.now).isEmpty)
    }
}
