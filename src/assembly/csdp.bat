@echo off
rem Runs csdp from an unzipped distribution: bin\csdp train --preset quick
setlocal
set "java=java"
if defined JAVA_HOME set "java=%JAVA_HOME%\bin\java"
"%java%" --list-modules 2>nul | findstr /r "^java\.base@1[7-9] ^java\.base@[2-9][0-9]" >nul
if errorlevel 1 goto missing
set "vector="
"%java%" --list-modules | findstr /b "jdk.incubator.vector@" >nul
if not errorlevel 1 set "vector=--add-modules=jdk.incubator.vector"
rem The flags of lib\jvm.config.
"%java%" %vector% -XX:MaxNewSize=128m -XX:GCTimeRatio=1 %CSDP_JAVA_OPTS% -cp "%~dp0..\*;%~dp0..\lib\*;%~dp0..\lib\natives" csdp.cli.Main %*
exit /b %errorlevel%
:missing
echo csdp: "%java%" is not Java 17 or newer: install a JDK or JRE, and set JAVA_HOME to its folder 1>&2
exit /b 3
