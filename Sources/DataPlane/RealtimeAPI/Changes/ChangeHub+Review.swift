import PostgresKit
import Synchronization

/// Tables come and go, and with them what subscriptions ask for.
extension ChangeHub {
    private struct Key: Hashable {
        var request: ChangeRequest
        var role: String
    }

    /// Checks all subscriptions again if the publication does not look as it did, and else those that are new: whose
    /// table or column is gone learns it, and learns when it is back.
    func review(_ session: inout Session, _ listener: Listener) async throws {
        session.reviewTime = .now
        let fingerprint = try await catalog.fingerprint()
        let isChanged = fingerprint != session.fingerprint
        if isChanged { session.facts = [:] }
        var known: [Key: Result<SubscriptionBook.Compiled, ChangeProblem>] = [:]
        let entries = state.withLock { $0.book.entries.filter { isChanged || !$0.value.isReviewed } }
        for (channel, entry) in entries {
            var (requests, problem): ([SubscriptionBook.Compiled], ChangeProblem?) = ([], nil)
            for request in entry.asked {
                let key = Key(request: request, role: entry.claims.role)
                let result: Result<SubscriptionBook.Compiled, ChangeProblem>
                if let found = known[key] {
                    result = found
                } else {
                    result = try await compiled(request, for: entry.claims)
                    known[key] = result
                }
                switch result {
                case .success(let compiled): requests.append(compiled)
                case .failure(let failure): problem = problem ?? failure
                }
            }
            tell(channel, entry.ticket, accepted: requests, problem: problem, telling: listener)
        }
        // What changed meanwhile may have been seen by some of the checks alone.
        let later = entries.isEmpty ? fingerprint : try await catalog.fingerprint()
        session.fingerprint = later == fingerprint ? fingerprint : nil
        session.reader.forgetChangedRelation()
    }

    private func compiled(
        _ request: ChangeRequest, for claims: ChannelClaims
    ) async throws -> Result<SubscriptionBook.Compiled, ChangeProblem> {
        do {
            return .success(try await catalog.compile(request, for: claims))
        } catch let problem as ChangeProblem {
            return .failure(problem)
        } catch let error as PostgresError where error.isOfTheQuestion {
            return .failure(ChangeProblem(error))
        }
    }

    private func tell(
        _ channel: ChannelID, _ ticket: UInt64, accepted requests: [SubscriptionBook.Compiled],
        problem: ChangeProblem?, telling listener: Listener
    ) {
        let request = state.withLock { state in
            state.book.review(channel, ticket, accepted: requests, problem: problem)
                ? state.answered[channel] : nil
        }
        guard let request, request.ticket == ticket else { return }
        listener.answer(request, problem != nil, problem.map(Self.text) ?? Self.subscribedText)
    }
}
