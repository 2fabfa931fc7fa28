import DataPlaneCore
import Synchronization

/// Passes one request on and its answer back, both at once.
struct Passing {
    enum Outcome: Sendable, Equatable {
        /// The answer was passed on.
        case whole
        /// There was none in time.
        case late
        /// The other end has gone before its end.
        case broken
        /// Nobody takes the answer.
        case abandoned
    }

    let exchange: any HTTPExchange
    let answer: AnswerStream
    let method: String
    /// Named in the answer, where there is one.
    var executionID: String?
    /// Seconds to the head of the answer; nil where the other end counts them.
    var secondsMax: Double?

    /// Returns once both ways have ended.
    func run(_ body: ServiceBody) async -> Outcome {
        let lateness = Lateness()
        return await withTaskGroup(of: Outcome?.self) { group in
            group.addTask { await take() }
            if let secondsMax {
                group.addTask {
                    do { try await Task.sleep(for: .seconds(secondsMax)) } catch { return nil }
                    if !answer.hasBegun {
                        lateness.note()
                        exchange.close()
                    }
                    return nil
                }
            }
            await give(body)
            var outcome = Outcome.broken
            while let ended = await group.next() {
                guard let ended else { continue }
                outcome = ended
                group.cancelAll()
            }
            exchange.close()
            return lateness.isNoted && !answer.hasBegun ? .late : outcome
        }
    }

    private final class Lateness: Sendable {
        private let state = Mutex(false)

        var isNoted: Bool { state.withLock { $0 } }

        func note() { state.withLock { $0 = true } }
    }

    /// Passes the request's body on. Where the other end takes no more of it, the answer says why.
    private func give(_ body: ServiceBody) async {
        do throws(BodyInterruption) {
            while let piece = try await body.next() {
                do throws(ExchangeFailure) { try await exchange.send(piece) } catch { return }
            }
        } catch { return exchange.close() }
        do throws(ExchangeFailure) { try await exchange.end() } catch { return }
    }

    private func take() async -> Outcome {
        do throws(ExchangeFailure) {
            let head = try await exchange.head()
            var begun = AnswerRules.head(status: head.status, headers: head.headers, method: method)
            if let executionID { begun.set("x-deno-execution-id", executionID) }
            answer.begin(begun)
            while let piece = try await exchange.next() {
                do throws(AnswerStream.Abandoned) { try await answer.write(piece) } catch {
                    exchange.close()
                    return .abandoned
                }
            }
        } catch { return .broken }
        answer.finish()
        return .whole
    }
}
