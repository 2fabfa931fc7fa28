import DataPlaneCore
import PostgresKit

/// Turns changes into messages: filters, privileges, policies.
struct ChangeDelivery: Sendable {
    /// A message, and the channels that get it.
    struct Message: Sendable {
        var payload: JSONText
        var channels: [ChannelID]
    }

    /// A change with those that may want it.
    private struct Candidate {
        var change: RowChange
        var facts: TableFacts
        var matches: [SubscriptionBook.Match]
    }

    let catalog: ChangeCatalog
    let bytesMax: Int

    /// The messages of changes, in their order.
    func messages(
        of changes: [RowChange], to book: SubscriptionBook, facts: [UInt32: TableFacts]
    ) async throws -> [Message] {
        var candidates: [Candidate] = changes.compactMap { change in
            guard let facts = facts[change.relation.id] else { return nil }
            let matches = book.matches(change)
            return matches.isEmpty ? nil : Candidate(change: change, facts: facts, matches: matches)
        }
        try await applyFilters(&candidates)
        try await applyPolicies(&candidates)
        return candidates.flatMap(messages)
    }

    // MARK: Filters

    private func applyFilters(_ candidates: inout [Candidate]) async throws {
        let verdicts = candidates.map { candidate in
            candidate.matches.map { match in match.tests.map { Self.verdict($0, candidate.change) } }
        }
        let asked = Set(
            verdicts.joined().joined().flatMap { verdict -> [FilterTest.Question] in
                guard case .ask(let questions) = verdict else { return [] }
                return questions
            })
        let holding = asked.isEmpty ? [] : try await catalog.holding(asked)
        for index in candidates.indices {
            candidates[index].matches = zip(candidates[index].matches, verdicts[index]).filter { match, verdicts in
                zip(match.tests, verdicts).allSatisfy { test, verdict in
                    switch verdict {
                    case .holds(let holds): holds
                    case .ask(let questions): questions.contains(where: holding.contains) != test.negatesAnswer
                    }
                }
            }.map(\.0)
        }
        candidates.removeAll { $0.matches.isEmpty }
    }

    /// A value that is not known matches nothing.
    private static func verdict(_ test: FilterTest, _ change: RowChange) -> FilterTest.Verdict {
        guard case .known(let value)? = change.filtered(test.column) else { return .holds(false) }
        return test.verdict(value)
    }

    // MARK: Policies

    /// Takes out those whose policies hide the row: one question for each table, whatever the number of rows and claims.
    private func applyPolicies(_ candidates: inout [Candidate]) async throws {
        let secured = candidates.indices.filter { index in
            let candidate = candidates[index]
            return candidate.facts.hasRowSecurity && candidate.change.kind != .delete && !candidate.facts.keys.isEmpty
        }
        for (_, indices) in Dictionary(grouping: secured, by: { candidates[$0].change.relation.id }) {
            guard let first = indices.first else { continue }
            let claims = Array(Set(indices.flatMap { candidates[$0].matches.map(\.claims) }))
            let question = ChangeCatalog.Visibility(
                relation: candidates[first].change.relation, facts: candidates[first].facts,
                keys: indices.map { key(of: candidates[$0]) }, claimants: claims)
            let seen = try await catalog.visible(question)
            let places = Dictionary(uniqueKeysWithValues: claims.enumerated().map { ($0.element, $0.offset) })
            for (place, index) in indices.enumerated() {
                let facts = candidates[index].facts
                candidates[index].matches.removeAll { match in
                    // Who may not read the key gets an error without any value.
                    let readsKey = facts.keys.allSatisfy { facts.readable[match.claims.role]?.contains($0) == true }
                    return readsKey && places[match.claims].map { !seen[$0].contains(place) } ?? true
                }
            }
        }
        candidates.removeAll { $0.matches.isEmpty }
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
