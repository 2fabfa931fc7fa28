import Logging
import ProjectModel

/// What wakes projects: events of the engine, announcements of other managers, and the regular full list.
extension ReconcileLoop {
    /// Follows the engine's events. Each new subscription begins with a full list: what happened before it is only
    /// to be found there.
    func followEngine() async {
        var wait = Self.reconnectWaits.first
        while !Task.isCancelled {
            do {
                for try await event in engine.events() {
                    wait = Self.reconnectWaits.first
                    switch event {
                    case .connected: await resync()
                    case .changed(let ref): await queue.add(ref)
                    }
                }
                logger.notice("the engine closed the event stream; connecting again")
            } catch {
                if Task.isCancelled { return }
                logger.warning("the engine's events cannot be followed", metadata: ["error": "\(error)"])
            }
            do { try await time.sleep(for: wait) } catch { return }
            wait = min(wait * 2, Self.reconnectWaits.longest)
        }
    }

    /// Follows what requests to other managers have changed. Hints only: the regular full list finds it, too.
    func followAnnouncements() async {
        guard let announcements else { return }
        while !Task.isCancelled {
            do {
                for try await announcement in announcements.announcements() {
                    switch announcement {
                    case .anything: await resync()
                    case .changed(let ref): await queue.add(ref)
                    }
                }
            } catch {
                if Task.isCancelled { return }
                logger.warning("announcements cannot be followed", metadata: ["error": "\(error)"])
            }
            do { try await time.sleep(for: Self.reconnectWaits.longest) } catch { return }
        }
    }

    func resyncRegularly() async {
        while !Task.isCancelled {
            await resync()
            do { try await time.sleep(for: Self.resyncInterval) } catch { return }
        }
    }

    func checkTimeRegularly() async {
        while !Task.isCancelled {
            await states.checkTime()
            do { try await time.sleep(for: ClockWatch.interval) } catch { return }
        }
    }

    /// Makes a full list of what store and engine have, and wakes the projects for which there is a reason.
    private func resync() async {
        let start = time.uptime()
        do {
            let outlines = try await store.outlines()
            let overview = try await engine.overview()
            await survey.note(overview.use)
            for ref in await states.due(Relist(outlines, overview.fingerprints)) { await queue.add(ref) }
            for ref in try await custody.destructions() { await queue.add(ref) }
            metrics.resyncs.count("resync", outcome: "ok", took: time.uptime() - start)
        } catch {
            if Task.isCancelled { return }
            metrics.resyncs.count("resync", outcome: "failed", took: time.uptime() - start)
            logger.warning("a full list failed; it is tried again", metadata: ["error": "\(error)"])
        }
    }
}
