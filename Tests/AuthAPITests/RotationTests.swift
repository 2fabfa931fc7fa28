import DataPlaneCore
import PostgresKit
import PostgresTestSupport
import Testing

@testable import AuthAPI

/// A day of refreshes: time is the test's own, the statements are the real ones.
@Suite(
    "A day of token rotations", .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster, .serialized)
struct RotationTests {
    private static let daySeconds = 86_400
    private static let users = 4

    /// SplitMix64: the same moves for the same seed.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return mixed ^ (mixed >> 31)
        }
    }

    /// What the clients of a session do with their tokens.
    private enum Move: CaseIterable {
        /// Several tabs use the token in force at once.
        case tabs
        /// An application loses the answer, and asks again with the token it has.
        case lostAnswer
        /// Tabs that have the token in force, and others that have the one before.
        case mixedTabs
        /// A thief has a token of long ago.
        case theft
    }

    /// A session as its clients know it.
    private struct Session: Sendable {
        var email: String
        /// In the order in which they were given out; the last one is in force.
        var tokens: [String]
        var rotations = 0
        var thefts = 0
    }

    private func refreshed(_ tokens: [String], _ fixture: AuthFixture) async -> [AuthFixture.Answer] {
        await withTaskGroup(of: AuthFixture.Answer.self) { group in
            for token in tokens { group.addTask { await fixture.refresh(token) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    private func signedIn(_ email: String, _ fixture: AuthFixture) async -> String {
        await fixture.ask(
            "POST", "/token?grant_type=password", body: #"{"email":"\#(email)","password":"password1"}"#
        ).text("refresh_token")
    }

    /// Plays a move; every expectation is about one session, whatever the others do meanwhile.
    private func played(_ move: Move, copies: Int, on session: Session, _ fixture: AuthFixture) async -> Session {
        var session = session
        let current = session.tokens[session.tokens.count - 1]
        switch move {
        case .theft where session.tokens.count > 2:
            let stolen = session.tokens[(copies &* 7) % (session.tokens.count - 2)]
            for answer in await refreshed(Array(repeating: stolen, count: copies), fixture) {
                #expect(answer.status == 400)
                #expect(["refresh_token_already_used", "refresh_token_not_found"].contains(answer.code), "\(answer)")
            }
            #expect(await fixture.refresh(current).code == "refresh_token_not_found")
            session = Session(
                email: session.email, tokens: [await signedIn(session.email, fixture)], rotations: session.rotations,
                thefts: session.thefts + 1)
            return session
        case .mixedTabs where session.tokens.count > 1:
            let before = session.tokens[session.tokens.count - 2]
            let asked = [current] + Array(repeating: current, count: copies) + Array(repeating: before, count: copies)
            session = kept(await refreshed(asked, fixture), in: session)
        case .lostAnswer:
            _ = await fixture.refresh(current)
            session = kept([await fixture.refresh(current)], in: session)
        default: session = kept(await refreshed(Array(repeating: current, count: copies), fixture), in: session)
        }
        return session
    }

    /// All clients got the token in force or the one that follows it, and one of them that one.
    private func kept(_ answers: [AuthFixture.Answer], in session: Session) -> Session {
        var session = session
        #expect(answers.allSatisfy { $0.status == 200 }, "\(answers)")
        let current = session.tokens[session.tokens.count - 1]
        let new = Set(answers.map { $0.text("refresh_token") }).subtracting([current])
        #expect(new.count == 1, "\(answers)")
        session.tokens += new
        session.rotations += 1
        return session
    }

    /// Lets time pass: everything that the tables know happened so much earlier.
    private func pass(_ seconds: Int, of clock: TestClock, _ fixture: AuthFixture) async throws {
        clock.advance(by: Double(seconds))
        try await fixture.pool.execute(
            """
            UPDATE auth.sessions SET created_at = created_at - $1::int * interval '1 second',
              updated_at = updated_at - $1::int * interval '1 second',
              refreshed_at = refreshed_at - $1::int * interval '1 second'
            """, [.int(seconds)])
    }

    @Test("no session is lost to a race, every token of long ago is found out", arguments: [1, 2, 3] as [UInt64])
    func day(seed: UInt64) async throws {
        let clock = TestClock(1_800_000_000)
        let fixture = try await AuthFixture.with(clock: clock) {
            $0.reuseSeconds = 10
            $0.rates.token = 1_000_000
        }
        var generator = Generator(state: seed)
        var sessions: [Session] = []
        for number in 0..<Self.users {
            let email = "user\(number)@b.example"
            sessions.append(Session(email: email, tokens: [await fixture.signUp(email).text("refresh_token")]))
        }
        var passed = 0
        while passed < Self.daySeconds {
            // Longer than the reuse interval, about as long as a token lives.
            let step = Int.random(in: 60...3_600, using: &generator)
            passed += step
            try await pass(step, of: clock, fixture)
            let moves = sessions.map { _ in
                (Move.allCases.randomElement(using: &generator) ?? .tabs, Int.random(in: 1...3, using: &generator))
            }
            sessions = await withTaskGroup(of: (Int, Session).self) { group in
                for (index, session) in sessions.enumerated() {
                    group.addTask {
                        (index, await played(moves[index].0, copies: moves[index].1, on: session, fixture))
                    }
                }
                return await group.reduce(into: sessions) { $0[$1.0] = $1.1 }
            }
            #expect(try await fixture.count("auth.sessions") == Self.users)
        }
        let thefts = sessions.reduce(0) { $0 + $1.thefts }
        #expect(thefts > 0 && sessions.allSatisfy { $0.rotations >= 12 })
        #expect(
            try await fixture.count("auth.audit_log_entries WHERE payload ->> 'action' = 'token_revoked'") == thefts)
        for session in sessions {
            let last = await fixture.refresh(session.tokens[session.tokens.count - 1])
            #expect(await fixture.ask("GET", "/user", token: last.text("access_token")).status == 200)
        }
    }
}
