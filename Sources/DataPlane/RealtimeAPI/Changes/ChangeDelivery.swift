import DataPlaneCore
import PostgresKit

/// Turns changes into messages: filters, privileges, policies.
struct ChangeDelivery: Sendable {
    /// A message, and the channels that get it.
    struct Message: Sendable {
        var payload: JSONText
        var channels: [ChannelID]
    }

    /// A request that could not be checked for some change.
    struct Failure: Sendable {
        var channel: ChannelID
        var ticket: UInt64
        var request: Int
        var text: String
        /// Whether it would fail again: then the request ends.
        var isLasting: Bool
    }

    /// The messages of changes, and whose requests could not be checked.
    struct Outcome: Sendable {
        var messages: [Message] = []
        var failures: [Failure] = []

        fileprivate mutating func fail(
            _ match: SubscriptionBook.Match, _ what: String, because failure: QuestionFailure
        ) {
            failures.append(
                Failure(
                    channel: match.channel, ticket: match.ticket, request: match.id,
                    text: "\(what): \(failure.text)",
                    isLasting: failure.isLasting))
        }
    }

    /// A change with those that may want it.
    private struct Candidate {
        var change: RowChange
        var facts: TableFacts
        var matches: [SubscriptionBook.Match]
    }

    let catalog: ChangeCatalog
    let bytesMax: Int

    /// The messages of changes, in their order. Throws only where PostgreSQL cannot be asked at all.
    func outcome(
        of changes: [RowChange], to book: SubscriptionBook, facts: [UInt32: TableFacts], unseen: Set<UInt32>
    ) async throws -> Outcome {
        var outcome = Outcome()
        let end = ContinuousClock.now + ChangeCatalog.patience
        var candidates: [Candidate] = changes.compactMap { change in
            guard let facts = facts[change.relation.id] else { return nil }
            let matches = book.matches(change)
            return matches.isEmpty ? nil : Candidate(change: change, facts: facts, matches: matches)
        }
        try await applyFilters(&candidates, until: end, &outcome)
        try await applyPolicies(&candidates, unseen: unseen, until: end, &outcome)
        outcome.messages = candidates.flatMap(messages)
        return outcome
    }

    // MARK: Filters

    private func applyFilters(
        _ candidates: inout [Candidate], until end: ContinuousClock.Instant, _ outcome: inout Outcome
    ) async throws {
        let verdicts = candidates.map { candidate in
            candidate.matches.map { match in
                match.tests.map { Self.verdict($0, of: match, on: candidate, until: end) }
            }
        }
        let answers = try await catalog.answers(to: Self.questions(candidates, verdicts), until: end)
        for index in candidates.indices {
            var matching: [SubscriptionBook.Match] = []
            for (match, verdicts) in zip(candidates[index].matches, verdicts[index]) {
                let results = zip(match.tests, verdicts).map { Self.result($1, of: $0, with: answers) }
                // A condition that does not hold decides, whatever the others are.
                if results.contains(where: { $0 == .success(false) }) { continue }
                let failed = zip(match.tests, results).first { $1 != .success(true) }
                if let failed, case .failure(let failure) = failed.1 {
                    outcome.fail(
                        match, "the filter \(failed.0.description) cannot be checked", because: failure)
                } else {
                    matching.append(match)
                }
            }
            candidates[index].matches = matching
        }
        candidates.removeAll { $0.matches.isEmpty }
    }

    /// Questions of the oldest subscriptions come first: those of new ones take no time from them.
    private static func questions(
        _ candidates: [Candidate], _ verdicts: [[[FilterTest.Verdict]]]
    ) -> [FilterTest.Question] {
        var tickets: [FilterTest.Question: UInt64] = [:]
        for (candidate, verdicts) in zip(candidates, verdicts) {
            for (match, verdicts) in zip(candidate.matches, verdicts) {
                for case .ask(let questions) in verdicts {
                    for question in questions {
                        tickets[question] = min(tickets[question] ?? .max, match.ticket)
                    }
                }
            }
        }
        return tickets.sorted { $0.value < $1.value }.map(\.key)
    }

    private static func result(
        _ verdict: FilterTest.Verdict, of test: FilterTest, with answers: ChangeCatalog.Answers
    ) -> Result<Bool, QuestionFailure> {
        switch verdict {
        case .holds(let holds): return .success(holds)
        case .fails(let failure): return .failure(failure)
        case .ask(let questions):
            if questions.contains(where: answers.holding.contains) {
                return .success(!test.negatesAnswer)
            }
            if let failure = questions.lazy.compactMap({ answers.failed[$0] }).first {
                return .failure(failure)
            }
            return .success(test.negatesAnswer)
        }
    }

    /// A value that is not known matches nothing; neither does one that the message would not show.
    private static func verdict(
        _ test: FilterTest, of match: SubscriptionBook.Match, on candidate: Candidate,
        until end: ContinuousClock.Instant
    ) -> FilterTest.Verdict {
        guard !candidate.facts.hides(test.column, of: candidate.change.kind),
            case .known(let value)? = candidate.change.filtered(test.column)
        else { return .holds(false) }
        guard candidate.facts.readable[match.claims.role]?.contains(test.column) == true else {
            return .fails(.notReadable)
        }
        return ContinuousClock.now < end ? test.verdict(value) : .fails(.noTime)
    }

    // MARK: Policies

    /// Takes out those whose policies hide the row: one question for each table, whatever the number of rows and claims.
    private func applyPolicies(
        _ candidates: inout [Candidate], unseen: Set<UInt32>, until end: ContinuousClock.Instant,
        _ outcome: inout Outcome
    ) async throws {
        let secured = candidates.indices.filter { index in
            let candidate = candidates[index]
            return candidate.facts.hasRowSecurity && candidate.change.kind != .delete && !candidate.facts.keys.isEmpty
        }
        for (_, indices) in Dictionary(grouping: secured, by: { candidates[$0].change.relation.id }) {
            guard let first = indices.first else { continue }
            let (relation, facts) = (candidates[first].change.relation, candidates[first].facts)
            let table = "\(relation.schema).\(relation.name)"
            let claims = Self.claims(of: indices.flatMap { candidates[$0].matches })
            let question = ChangeCatalog.Visibility(
                relation: relation, facts: facts, keys: indices.map { key(of: candidates[$0]) },
                claimants: claims)
            let sight = try await catalog.sight(of: question, until: end)
            let places = Dictionary(
                uniqueKeysWithValues: claims.enumerated().map { ($0.element, $0.offset) })
            for (place, index) in indices.enumerated() {
                var seeing: [SubscriptionBook.Match] = []
                for match in candidates[index].matches {
                    // Who may not read the key gets an error without any value.
                    let readsKey = facts.keys.allSatisfy {
                        facts.readable[match.claims.role]?.contains($0) == true
                    }
                    guard readsKey, let claimant = places[match.claims] else {
                        seeing.append(match)
                        continue
                    }
                    if let failure = sight.failed[claimant] {
                        outcome.fail(match, "who sees \(table) cannot be checked", because: failure)
                    } else if sight.seen[claimant].contains(place) {
                        seeing.append(match)
                    } else if unseen.contains(candidates[index].change.transaction) {
                        outcome.fail(match, "who sees \(table) cannot be checked", because: .notSeen)
                    }
                }
                candidates[index].matches = seeing
            }
        }
        candidates.removeAll { $0.matches.isEmpty }
    }

    /// Each of the claims once, those of the oldest subscriptions first.
    private static func claims(of matches: [SubscriptionBook.Match]) -> [ChannelClaims] {
        var tickets: [ChannelClaims: UInt64] = [:]
        for match in matches {
            tickets[match.claims] = min(tickets[match.claims] ?? .max, match.ticket)
        }
        return tickets.sorted { $0.value < $1.value }.map(\.key)
    }

    private func key(of candidate: Candidate) -> [String] {
        candidate.facts.keys.map { column in
            guard case .known(let text?)? = candidate.change.newValue(column) else { return "" }
            return text
        }
    }

    // MARK: Messages

    /// What a channel gets of a change; channels of equal shapes share a message.
    private struct Shape: Hashable {
        var role: String
        var columns: Set<String>?
        var ids: [Int]
    }

    private struct ChannelView: Hashable {
        var channel: ChannelID
        var role: String
        var columns: Set<String>?
    }

    private func messages(of candidate: Candidate) -> [Message] {
        let views = Dictionary(grouping: candidate.matches) { match in
            ChannelView(channel: match.channel, role: match.claims.role, columns: match.columns)
        }
        let shapes = Dictionary(grouping: views) { view, matches in
            Shape(role: view.role, columns: view.columns, ids: matches.map(\.id).sorted())
        }
        return shapes.map { shape, views in
            let message = ChangeMessage(
                change: candidate.change, facts: candidate.facts, role: shape.role, columns: shape.columns,
                bytesMax: bytesMax)
            return Message(payload: message.payload(ids: shape.ids), channels: views.map(\.key.channel))
        }
    }
}
