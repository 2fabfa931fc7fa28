import DataPlaneCore
import PostgresKit

/// Why a question about rows has no answer.
struct QuestionFailure: Error, Sendable, Equatable {
    var text: String
    /// Whether it would fail again, or take as long again.
    var isLasting: Bool

    static let noTime = QuestionFailure(text: "there was no time left", isLasting: false)
    static let notSeen = QuestionFailure(text: "the transaction is not finished", isLasting: false)
    static let tooLong = QuestionFailure(text: "it takes too long", isLasting: true)
    static let notReadable = QuestionFailure(
        text: "the role may not read the column", isLasting: true)
}

/// Questions about rows. Each fails alone: what one subscriber asks for takes nothing from the others.
extension ChangeCatalog {
    /// Time for all questions of one batch.
    static let patience: Duration = .seconds(5)
    /// Time for comparisons that are made together.
    private static let groupDeadline: Duration = .seconds(1)
    /// Time for one pattern, and for a comparison that is made again alone.
    private static let singleDeadline: Duration = .milliseconds(250)
    /// Time for the policies of one table, and for those of one client that are asked again alone.
    private static let policyDeadline: Duration = .seconds(2)
    private static let ownPolicyDeadline: Duration = .seconds(1)
    private static let visibilityPause: Duration = .milliseconds(5)
    private static let lockNotAvailable = "55P03"

    // MARK: Filters

    /// Which comparisons hold, and which could not be made.
    struct Answers: Sendable {
        var holding: Set<FilterTest.Question> = []
        var failed: [FilterTest.Question: QuestionFailure] = [:]
    }

    private struct Group: Hashable {
        var comparison: Comparison
        /// A pattern is tried alone.
        var pattern: String?
    }

    /// - Parameter questions: in the order in which they are asked while there is time.
    func answers(
        to questions: [FilterTest.Question], until end: ContinuousClock.Instant
    ) async throws(PostgresError) -> Answers {
        var answers = Answers()
        var groups: [(key: Group, questions: [FilterTest.Question])] = []
        var places: [Group: Int] = [:]
        for question in questions {
            let key = Group(
                comparison: question.comparison,
                pattern: question.comparison.isPattern ? question.operand : nil)
            if let place = places[key] {
                groups[place].questions.append(question)
            } else {
                places[key] = groups.count
                groups.append((key, [question]))
            }
        }
        for group in groups {
            let deadline = group.key.pattern == nil ? Self.groupDeadline : Self.singleDeadline
            try await ask(
                group.questions, about: group.key.comparison, within: deadline, until: end, &answers)
        }
        return answers
    }

    private func ask(
        _ group: [FilterTest.Question], about comparison: Comparison, within deadline: Duration,
        until end: ContinuousClock.Instant, _ answers: inout Answers
    ) async throws(PostgresError) {
        let left = min(deadline, end - .now)
        guard left > .zero else { return group.forEach { answers.failed[$0] = .noTime } }
        do throws(PostgresError) {
            let rows = try await pool.query(
                """
                SELECT n::int AS n FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS q(v, o, n)
                WHERE \(comparison.sql("v", "o"))
                """, [.textArray(group.map(\.value)), .textArray(group.map(\.operand))], deadline: left)
            for row in rows { answers.holding.insert(group[try row.int("n") - 1]) }
        } catch {
            guard error.isOfTheQuestion else { throw error }
            let parts = Dictionary(grouping: group, by: \.operand)
            guard parts.count > 1 else {
                let failure = QuestionFailure(text: ChangeProblem(error).text, isLasting: true)
                return group.forEach { answers.failed[$0] = failure }
            }
            for part in parts.values {
                try await ask(part, about: comparison, within: Self.singleDeadline, until: end, &answers)
            }
        }
    }

    // MARK: Policies

    /// Waits until others see what the transactions changed; gives those of which they do not when the time is over.
    ///
    /// A commit is sent once it is in the log. Others see it later, by far where it waits for a standby: looked for at
    /// once, its rows would seem to be hidden. A transaction holds the lock on its own number until it is seen.
    func unseen(
        of transactions: Set<UInt32>, until end: ContinuousClock.Instant
    ) async throws -> Set<UInt32> {
        let numbers = transactions.sorted().map { String($0) }
        while true {
            let rows = try await pool.query(
                """
                SELECT transactionid::text AS number FROM pg_locks
                WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock' AND granted
                  AND transactionid::text = ANY ($1::text[])
                """, [.textArray(numbers)])
            let left = Set(try rows.compactMap { UInt32(try $0.string("number")) })
            guard !left.isEmpty, ContinuousClock.now < end else { return left }
            try await Task.sleep(for: Self.visibilityPause)
        }
    }

    /// Rows that are looked for under several claims.
    struct Visibility: Sendable {
        var relation: LogicalRelation
        var facts: TableFacts
        /// The keys' values, one list for each row.
        var keys: [[String]]
        var claimants: [ChannelClaims]
    }

    /// For each of the claims, the indices of the rows that its role sees now; and for which of them that is not known.
    struct Sight: Sendable {
        var seen: [Set<Int>]
        var failed: [Int: QuestionFailure] = [:]
    }

    func sight(of visibility: Visibility, until end: ContinuousClock.Instant)
        async throws(PostgresError) -> Sight
    {
        var sight = Sight(seen: [Set<Int>](repeating: [], count: visibility.claimants.count))
        try await look(
            for: visibility, as: Array(visibility.claimants.indices), within: Self.policyDeadline,
            until: end, &sight)
        return sight
    }

    private func look(
        for visibility: Visibility, as claimants: [Int], within deadline: Duration,
        until end: ContinuousClock.Instant, _ sight: inout Sight
    ) async throws(PostgresError) {
        let left = min(deadline, end - .now)
        guard left > .zero else { return claimants.forEach { sight.failed[$0] = .noTime } }
        do throws(PostgresError) {
            for row in try await places(visibility, as: claimants, within: left) {
                let (index, place) = (try row.int("claimant"), try row.int("place"))
                guard claimants.indices.contains(index) else { continue }
                if place > 0 {
                    sight.seen[claimants[index]].insert(place - 1)
                } else {
                    sight.failed[claimants[index]] = QuestionFailure(
                        text: "a policy failed", isLasting: false)
                }
            }
        } catch {
            guard error.isOfTheQuestion else { throw error }
            if error.sqlState == Self.lockNotAvailable {
                return claimants.forEach {
                    sight.failed[$0] = QuestionFailure(text: "a lock is held", isLasting: false)
                }
            }
            guard claimants.count > 1 else {
                let failure = QuestionFailure(text: ChangeProblem(error).text, isLasting: true)
                return claimants.forEach { sight.failed[$0] = failure }
            }
            for claimant in claimants {
                try await look(
                    for: visibility, as: [claimant], within: Self.ownPolicyDeadline, until: end, &sight)
            }
        }
    }

    private func places(
        _ visibility: Visibility, as claimants: [Int], within deadline: Duration
    ) async throws(PostgresError) -> PostgresRows {
        let keys = JSONText.array(visibility.keys.map { .array($0.map { .string($0) }) })
        let identities = JSONText.array(
            claimants.map { visibility.claimants[$0] }.map {
                .object([
                    .init("role", .string($0.role)), .init("claims", .string($0.json)),
                    .init("sub", .string($0.subject ?? "")),
                ])
            })
        return try await pool.query(
            "SELECT claimant, place FROM realtime.projectd_visible($1, $2::jsonb, $3::jsonb)",
            [.text(try Self.query(visibility)), .text(keys.text), .text(identities.text)],
            deadline: deadline)
    }

    /// Looks the keys of `$1` up, and gives the places of those that are there.
    private static func query(_ visibility: Visibility) throws(PostgresError) -> String {
        let table =
            try PostgresQuoting.identifier(visibility.relation.schema) + "."
            + PostgresQuoting.identifier(visibility.relation.name)
        let types = visibility.facts.keys.map { visibility.facts.columns[$0]?.sqlType ?? "text" }
        let values = types.enumerated().map { "(e.v ->> \($0.offset))::\($0.element) AS k\($0.offset)" }
        var conditions: [String] = []
        for (index, key) in visibility.facts.keys.enumerated() {
            conditions.append("t.\(try PostgresQuoting.identifier(key)) = k.k\(index)")
        }
        return """
            SELECT k.n::int FROM (SELECT \(values.joined(separator: ", ")), e.n
              FROM jsonb_array_elements($1) WITH ORDINALITY AS e(v, n)) AS k
            WHERE EXISTS (SELECT FROM \(table) AS t WHERE \(conditions.joined(separator: " AND ")))
            """
    }
}
