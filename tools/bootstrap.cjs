'use strict';
// What `npm start`, `npm test` and the other scripts run, on any Node: installs what is missing, then runs
// the asked program on the pinned Node. Plain JavaScript of the oldest kind, because an old Node must still
// be able to read it and say what is wrong. Never imports anything that npm installs.
var OLDEST_BOOTSTRAP_MAJOR = 20;
if (parseInt(process.versions.node, 10) < OLDEST_BOOTSTRAP_MAJOR) {
  process.stderr.write(
    'flyball: npm needs Node ' + OLDEST_BOOTSTRAP_MAJOR + ' or newer to install it; this is ' + process.version + '.\n' +
    '  Get one from https://nodejs.org/en/download and try again.\n'
  );
  process.exit(1);
}

var fs = require('fs');
var path = require('path');
var nodes = require('../packages/cli/bin/pinned-node.cjs');

var root = path.dirname(__dirname);
var modules = path.join(root, 'node_modules');
var lockFile = path.join(root, 'package-lock.json');
var stampFile = path.join(modules, '.flyball-installed');

/** Script name → the program and its first arguments. */
var programs = {
  start: ['packages/cli/src/main.ts', 'start'],
  test: ['tools/test.ts'],
  soak: ['tools/test.ts', '--only', 'soak'],
  lint: ['tools/test.ts', '--only', 'lint'],
  types: ['tools/test.ts', '--only', 'types'],
  bench: ['benchmarks/run.ts']
};

function readJson(file) {
  try { return JSON.parse(fs.readFileSync(file, 'utf8')); } catch { return undefined; }
}

/** Size and time of the lock file: equal to the stamp means that nobody touched it since it was installed. */
function stamp() {
  var found = fs.statSync(lockFile);
  return found.size + ' ' + found.mtimeMs;
}

function stampMatches() {
  try { return fs.readFileSync(stampFile, 'utf8') === stamp(); } catch { return false; }
}

/** npm's own record of what it installed holds each package of the lock file, in its version (optional ones may lack). */
function installedMatches() {
  var wanted = readJson(lockFile);
  var installed = readJson(path.join(modules, '.package-lock.json'));
  if (!wanted || !installed) return false;
  return Object.keys(wanted.packages).every(function (key) {
    var entry = wanted.packages[key];
    if (key.indexOf('node_modules/') !== 0 || entry.optional || entry.devOptional) return true;
    var found = installed.packages[key];
    return Boolean(found) && found.version === entry.version && found.resolved === entry.resolved;
  });
}

function npm(args) {
  // npm tells its scripts where it lives; without it (node tools/bootstrap.cjs) the one on the PATH serves.
  var cli = process.env.npm_execpath;
  var command = cli ? process.execPath : 'npm';
  // Our packages ask for Node 24, which is about to be installed: npm's warnings about it (EBADENGINE) would mislead.
  var all = (cli ? [cli] : []).concat(args, ['--loglevel=error', '--no-audit', '--no-fund']);
  return require('child_process').spawnSync(command, all, { cwd: root, stdio: ['ignore', 2, 2] }).status === 0;
}

function install() {
  process.stderr.write('flyball: installing the packages of package-lock.json …\n');
  if (npm(['ci', '--include=dev', '--include=optional'])) return true;
  process.stderr.write('flyball: npm ci failed (its message is above): check the network or npm\'s registry setting, then try again.\n');
  return false;
}

/** A platform that the lock file has a Node for, installed with --omit=optional: ask once more. */
function installPinned() {
  var lock = readJson(lockFile);
  if (!lock || !lock.packages['node_modules/node-' + process.platform + '-' + process.arch]) return;
  if (nodes.findPinned(root)) return;
  process.stderr.write('flyball: the pinned Node is missing (installed with --omit=optional?), fetching it …\n');
  npm(['install', '--include=dev', '--include=optional', '--prefer-offline', '--no-save']);
}

function prepare() {
  if (stampMatches()) return true;
  if (!installedMatches() && !install()) return false;
  installPinned();
  fs.writeFileSync(stampFile, stamp());
  return true;
}

/** Experimental parts are used knowingly (vm modules, type stripping): their warnings tell the user nothing. */
function quietWarnings() {
  var printers = process.listeners('warning');
  process.removeAllListeners('warning');
  process.on('warning', function (warning) {
    if (warning.name === 'ExperimentalWarning') return;
    printers.forEach(function (print) { print.call(process, warning); });
  });
}

function main(name, rest) {
  var program = programs[name];
  if (!program) throw new Error('tools/bootstrap.cjs: unknown script ' + name + '; known: ' + Object.keys(programs).join(', '));
  if (!prepare()) return process.exit(1);
  var file = path.join(root, program[0]);
  if (!fs.existsSync(file)) {
    process.stderr.write('flyball: ' + program[0] + ' is missing from this checkout.\n');
    return process.exit(1);
  }
  var args = program.slice(1).concat(rest);
  nodes.keepCompiledCode(path.join(modules, '.cache', 'flyball'));
  if (!nodes.isHere(root)) {
    return nodes.run(root, ['--conditions=flyball-source', '--disable-warning=ExperimentalWarning', file].concat(args));
  }
  quietWarnings();
  process.argv = [process.argv[0], file].concat(args);
  return import(require('url').pathToFileURL(file).href);
}

main(process.argv[2], process.argv.slice(3));
