/**
 * Tests of the whole program: runs of the command line, other processes, scripts, the distribution.
 * Tests of a class are in the class's package.
 */
package csdp.system;
